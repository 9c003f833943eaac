/// The rules over what is logged: constant messages, and no tokens (canon 28 and 59).
enum LogRules {
    /// Findings in every call of a logger in the file.
    static func check(_ file: SourceFile) -> [String] {
        calls(in: file).flatMap { call -> [String] in
            var found: [String] = []
            if call.message.contains("\\(") { found.append(file.finding(line: call.line, "the message of a log line is not constant")) }
            found += interpolations(in: call.text).filter(isSecret).map { file.finding(line: call.line, "logs \($0)") }
            return found
        }
    }

    private struct Call {
        let line: Int
        /// From the name of the logger to the closing parenthesis.
        let text: String
        /// The first argument, if it is on the call's first line.
        let message: String
    }

    private static let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical", "log"]

    private static func calls(in file: SourceFile) -> [Call] {
        file.lines.indices.compactMap { number in
            let code = file.code[number].lowercased()
            guard levels.contains(where: { code.contains("logger.\($0)(") || code.contains("log.\($0)(") }) else {
                return code.contains("logger[metadatakey") ? Call(line: number, text: file.lines[number], message: "") : nil
            }
            let text = statement(in: file, from: number)
            let argument = text.split(separator: "(", maxSplits: 1).dropFirst().first ?? ""
            return Call(line: number, text: text, message: String(argument.prefix(upTo: endOfFirstArgument(argument))))
        }
    }

    /// The lines from here until the parentheses balance, in code.
    private static func statement(in file: SourceFile, from number: Int) -> String {
        var depth = 0
        var text = ""
        for index in number..<min(number + 30, file.lines.count) {
            text += file.lines[index] + "\n"
            for character in file.code[index] { depth += character == "(" ? 1 : character == ")" ? -1 : 0 }
            if depth <= 0 { break }
        }
        return text
    }

    private static func endOfFirstArgument(_ text: Substring) -> Substring.Index {
        text.firstRange(of: ", metadata:")?.lowerBound ?? text.firstIndex(of: "\n") ?? text.endIndex
    }

    /// What stands between `\(` and its closing parenthesis.
    private static func interpolations(in text: String) -> [String] {
        text.ranges(of: "\\(").map { range in
            var depth = 1
            return String(
                text[range.upperBound...].prefix { character in
                    depth += character == "(" ? 1 : character == ")" ? -1 : 0
                    return depth > 0
                })
        }
    }

    /// True if the last word of the expression names something that opens a door.
    private static func isSecret(_ expression: String) -> Bool {
        let words: Set<String> = [
            "token", "access", "refresh", "secret", "password", "credential", "bearer", "authorization", "seal", "body",
        ]
        let last = expression.split(separator: ".").last.map(String.init) ?? expression
        return words.contains(last) || ["Token", "Secret", "Credential", "Password"].contains(where: last.hasSuffix)
    }
}
