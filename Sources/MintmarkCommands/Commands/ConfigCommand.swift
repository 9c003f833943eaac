import ArgumentParser

/// `mintmark config`: what a server started with the same options would do.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Look at the configuration without serving it.",
        subcommands: [ShowConfigCommand.self, CheckConfigCommand.self])
}

/// `mintmark config show`: every key, its value in effect and who said it.
struct ShowConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print every value in effect and where it came from.")

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let entries = try json ? options.readOrPrintProblems().entries : options.load().entries
        if json { return try Surroundings.current.printJSON(entries.map(Row.init)) }
        var table = Table("KEY", "VALUE", "FROM")
        for entry in entries { table.append(entry.name, entry.text, "\(entry.origin)") }
        Surroundings.current.print(table.text)
    }

    /// One key as a program reads it.
    private struct Row: Encodable {
        let key, value, from: String

        init(_ entry: LoadedSettings.Entry) {
            key = entry.name
            value = entry.text
            from = "\(entry.origin)"
        }
    }
}

/// `mintmark config check`: ends with 0 if `serve` would accept the configuration and the files that it names, with 78 and every
/// reason if not.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Explain everything that keeps the configuration from being served.")

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let surroundings = Surroundings.current
        let settings = try json ? options.readOrPrintProblems().settings : options.load().settings
        let contradictions =
            settings.contradictions(workingDirectory: surroundings.workingDirectory) + settings.unusableFiles(from: surroundings)
        if json {
            try surroundings.printJSON(contradictions.map(Row.init))
        } else {
            surroundings.print(contradictions.isEmpty ? "The configuration is sound." : describe(contradictions))
        }
        if !contradictions.isEmpty { throw ExitCode(CommandStatus.configuration.rawValue) }
    }

    private func describe(_ contradictions: [Contradiction]) -> String {
        contradictions.map { "\($0.keys.joined(separator: ", "))\n  \($0.reason)\n  \($0.fix)" }.joined(separator: "\n")
    }

    /// One contradiction as a program reads it.
    private struct Row: Encodable {
        let keys: [String]
        let reason, fix: String

        init(_ contradiction: Contradiction) {
            keys = contradiction.keys
            reason = contradiction.reason
            fix = contradiction.fix
        }
    }
}

extension ConfigurationOptions {
    /// Reads the three sources for a program: what cannot be read is on standard output, as a list like any other answer.
    fileprivate func readOrPrintProblems() throws -> LoadedSettings {
        do { return try read() } catch {
            try Surroundings.current.printJSON(error.problems.map { ["from": "\($0.origin)", "reason": $0.message] })
            throw ExitCode(CommandStatus.configuration.rawValue)
        }
    }
}
