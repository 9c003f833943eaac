/// The rules over the text of one file. Each returns its findings, `path:line: what`.
enum Rules {
    /// Time and chance come in as values: these ask for them.
    static func noClockOrChance(_ file: SourceFile) -> [String] {
        let forbidden = [
            "clock_gettime", "gettimeofday", "Date(", "Date.now", "ContinuousClock", "SuspendingClock", "Clock.now", " .now", "(.now",
            ".random(", "SystemRandomNumberGenerator", "arc4random", "getrandom", "randomElement(", "shuffled()", "shuffle()", "UUID()",
        ]
        return find(forbidden, in: file) { "asks for time or chance: \($0)" }
    }

    /// True if the text is in the line and is not the end of a longer name: `NumericDate(` is no `Date(`.
    private static func contains(_ text: String, _ line: String) -> Bool {
        line.ranges(of: text).contains { range in
            guard let first = text.first, first.isLetter, range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || before == "_")
        }
    }

    /// The name of the module a line imports, with or without an access level and attributes.
    static func importedModule(_ line: String) -> String? {
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"), position + 1 < words.count else { return nil }
        guard words[..<position].allSatisfy({ $0.hasPrefix("@") || accessLevels.contains($0) }) else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias"]
        let path = kinds.contains(words[position + 1]) ? words.dropFirst(position + 2).first : words[position + 1]
        return path?.split(separator: ".").first.map(String.init)
    }

    private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]

    /// What a library knows goes to its caller; standard output is the program's.
    static func noPrinting(_ file: SourceFile) -> [String] {
        file.code.enumerated().compactMap { number, line in
            calls(["print", "debugPrint", "dump", "NSLog", "puts"], in: line).map { file.finding(line: number, "prints: \($0)") }
        }
    }

    /// Which status an error has is decided where replies are. What an endpoint answers when all went well, and passing
    /// on a status that was decided, are nobody else's business.
    static func noStatusCodes(_ file: SourceFile) -> [String] {
        let deciding = ["HTTPResponse.Status", "HTTPResponseStatus", "status: .", "statusCode:", ".init(code:"]
        let harmless = ["status: .ok", "status: .created", "status: .noContent", "status: .continue", "status: .init(code: reply.status."]
        return file.code.enumerated().compactMap { number, line in
            let rest = harmless.reduce(line) { $0.replacing($1, with: "") }
            return deciding.first(where: rest.contains).map { file.finding(line: number, "decides a status outside Replies: \($0)") }
        }
    }

    /// Whoever reads a page of the documentation finds a sentence for each name. What an extension implements of a
    /// protocol has its sentence there.
    static func publicIsDocumented(_ file: SourceFile) -> [String] {
        file.code.indices.compactMap { number in
            let words = file.code[number].split(separator: " ").drop { $0.hasPrefix("@") }
            guard words.first == "public" || words.first == "open" || words.first?.hasPrefix("public(") == true,
                !words.contains("import"), !words.contains("extension")
            else { return nil }
            return isDocumented(file, number) || implementsProtocol(file, number)
                ? nil : file.finding(line: number, "is public and has no doc comment")
        }
    }

    private static func isDocumented(_ file: SourceFile, _ number: Int) -> Bool {
        for line in file.lines[..<number].reversed() {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("///") { return true }
            guard text.hasPrefix("@") || text.hasPrefix("// swift-format-ignore") || text.hasPrefix("#if") else { return false }
        }
        return false
    }

    /// True below `extension A: B {`.
    private static func implementsProtocol(_ file: SourceFile, _ number: Int) -> Bool {
        let outer = file.code[..<number].last { line in line.first.map { !" }@#".contains($0) } ?? false }
        return file.code[number].hasPrefix(" ") && outer?.contains(/^(public )?extension [^:]+:/) ?? false
    }

    /// One idea a file.
    static func notTooLong(_ file: SourceFile) -> [String] {
        let count = file.lines.count - (file.lines.last == "" ? 1 : 0)
        return count <= 450 ? [] : [file.finding(line: 450, "has \(count) lines")]
    }

    /// A promise is kept, or is a line in the tracker.
    static func noPromises(_ path: String, _ text: String) -> [String] {
        let forbidden: Set<Substring> = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
            let words = line.split { !$0.isLetter }
            return words.first(where: forbidden.contains).map { "\(path):\(number + 1): \($0)" }
        }
    }

    /// What switches a check of the compiler off says why, on its line or on the one above.
    static func escapesHaveReasons(_ file: SourceFile) -> [String] {
        let escapes = ["@unchecked Sendable", "nonisolated(unsafe)", "try!", "as!", "fatalError("]
        return file.code.enumerated().compactMap { number, line in
            guard let escape = escapes.first(where: line.contains) else { return nil }
            let above = number > 0 ? file.lines[number - 1].drop { $0 == " " } : ""
            if file.lines[number].contains(" // ") || above.hasPrefix("//") { return nil }
            return file.finding(line: number, "\(escape) without a reason beside it")
        }
    }

    private static func find(_ texts: [String], in file: SourceFile, _ message: (String) -> String) -> [String] {
        file.code.enumerated().compactMap { number, line in
            texts.first { contains($0, line) }.map { file.finding(line: number, message($0)) }
        }
    }

    /// The first of the functions that the line calls by its bare name.
    private static func calls(_ names: [String], in line: String) -> String? {
        names.first { name in
            line.ranges(of: name + "(").contains { range in
                guard range.lowerBound > line.startIndex else { return true }
                let before = line[line.index(before: range.lowerBound)]
                return !(before.isLetter || before.isNumber || "._`".contains(before)) && !line.contains("func \(name)(")
            }
        }
    }
}
