/// Takes a Swift text apart as far as the rules need it: what is comment or literal is not code.
enum CodeOnly {
    /// The lines, each without its comments and with string literals emptied.
    static func lines(of text: String) -> [String] {
        var scanner = Scanner(rest: Array(text.utf8)[...])
        scanner.scan()
        return String(decoding: scanner.kept, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>
        var kept: [UInt8] = []

        mutating func scan() {
            while let byte = rest.first {
                if byte == UInt8(ascii: "/"), starts("//") {
                    skip { $0.starts("\n") }
                } else if byte == UInt8(ascii: "/"), starts("/*") {
                    skip { $0.starts("*/") }
                    rest = rest.dropFirst(2)
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "#"), let delimiters = literal() {
                    keep("\"\"".utf8)
                    rest = rest.dropFirst(delimiters.open)
                    skipLiteral(to: delimiters.close)
                } else {
                    keep([byte])
                    rest = rest.dropFirst()
                }
            }
        }

        private mutating func keep(_ bytes: some Sequence<UInt8>) { kept += bytes }

        func starts(_ text: String) -> Bool { rest.starts(with: text.utf8) }

        /// Line ends stay, so that line numbers do.
        private mutating func skip(until end: (Scanner) -> Bool) {
            while let byte = rest.first, !end(self) {
                if byte == UInt8(ascii: "\n") { keep([byte]) }
                rest = rest.dropFirst()
            }
        }

        private mutating func skipLiteral(to close: String) {
            let isRaw = close.hasSuffix("#")
            while let byte = rest.first, !starts(close) {
                // A backslash takes the next byte with it, unless that is the line end which it continues over.
                let isEscape = byte == UInt8(ascii: "\\") && !isRaw && !rest.dropFirst().starts(with: "\n".utf8)
                if byte == UInt8(ascii: "\n") { keep([byte]) }
                rest = rest.dropFirst(isEscape ? 2 : 1)
            }
            rest = rest.dropFirst(close.utf8.count)
        }

        /// How long the opening of the literal that starts here is, and what closes it.
        private func literal() -> (open: Int, close: String)? {
            let pounds = rest.prefix { $0 == UInt8(ascii: "#") }.count
            let quotes = rest.dropFirst(pounds).prefix { $0 == UInt8(ascii: "\"") }.count
            guard quotes > 0 else { return nil }
            let count = quotes >= 3 ? 3 : 1
            return (pounds + count, String(repeating: "\"", count: count) + String(repeating: "#", count: pounds))
        }
    }
}
