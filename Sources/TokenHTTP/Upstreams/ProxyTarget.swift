/// Where a request to `/upstreams/{name}/proxy/…` goes on to: a path that every reader takes for the same place.
///
/// What one program takes for a separator and another does not is how a path gets out of where it was to stay: dots, also escaped, escaped slashes,
/// backslashes and empty segments are refused rather than put right.
struct ProxyTarget: Sendable, Hashable {
    /// Which upstream.
    let name: String
    /// What follows `/proxy`, with its slash and the query: as it was sent.
    let rest: String

    private static let prefix = Array("/upstreams/".utf8)
    private static let word = Array("/proxy/".utf8)

    /// Whether a target is one of these at all, whatever else is wrong with it.
    static func isOne(_ target: String) -> Bool { split(target) != nil }

    /// The place; nil for a path that could be read in two ways.
    init?(_ target: String) {
        guard let (name, rest) = Self.split(target), Self.isPlain(rest) else { return nil }
        self.name = String(Substring(name))
        self.rest = String(Substring(rest))
    }

    private static func split(_ target: String) -> (name: Substring.UTF8View, rest: Substring.UTF8View)? {
        let bytes = target.utf8
        guard bytes.starts(with: prefix) else { return nil }
        let after = bytes.dropFirst(prefix.count)
        let name = after.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        let rest = after[name.endIndex...]
        guard !name.isEmpty, rest.starts(with: word) else { return nil }
        return (name, rest.dropFirst(word.count - 1))
    }

    private static func isPlain(_ rest: Substring.UTF8View) -> Bool {
        guard rest.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") }) else { return false }
        let path = rest.prefix { $0 != UInt8(ascii: "?") }
        guard areEscapesPlain(path) else { return false }
        let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            // The last may be empty: `/proxy/` and `/proxy/things/`.
            if segment.isEmpty, index < segments.count - 1 { return false }
            if isDots(segment) { return false }
        }
        return true
    }

    /// Every escape has two digits and is none of a separator, a dot, a percent sign or a control character.
    private static func areEscapesPlain(_ path: Substring.UTF8View) -> Bool {
        var bytes = path.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "%") else { continue }
            guard let high = bytes.next().flatMap(digit), let low = bytes.next().flatMap(digit) else { return false }
            let value = high << 4 | low
            if value < 0x20 || value == 0x7F || ["/", "\\", ".", "%", ";"].contains(Character(Unicode.Scalar(value))) { return false }
        }
        return true
    }

    /// `.` and `..`, also with parameters behind them, which some servers cut off.
    private static func isDots(_ segment: Substring.UTF8View) -> Bool {
        let name = segment.prefix { $0 != UInt8(ascii: ";") }
        return !name.isEmpty && name.count <= 2 && name.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
