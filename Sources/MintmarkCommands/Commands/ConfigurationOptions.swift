import ArgumentParser
import FoundationEssentials

/// The options of every command that needs the configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: ArgumentHelp("The YAML file to read.", valueName: "file"))
    var file: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Set one key, over the file and the environment; repeatable.", valueName: "key=value"))
    var assignments: [String] = []

    /// Reads the three sources.
    ///
    /// - Throws: every problem.
    func read() throws(ConfigurationError) -> LoadedSettings {
        var sources = ConfigurationSources(environment: Surroundings.current.environment, flags: assignments)
        if let file { sources.file = (path: file, yaml: try text(of: file)) }
        return try sources.load()
    }

    /// Reads the three sources.
    ///
    /// - Throws: `CommandFailure` with every problem, one a line.
    func load() throws(CommandFailure) -> LoadedSettings {
        do { return try read() } catch {
            throw CommandFailure(.configuration, "the configuration cannot be read.\n\(error.description)")
        }
    }

    /// The settings, if they also make sense together: what everything that acts on them starts from.
    func soundSettings() throws(CommandFailure) -> Settings {
        let settings = try load().settings
        try Self.refuse(settings.contradictions(workingDirectory: Surroundings.current.workingDirectory), "the configuration contradicts itself.")
        return settings
    }

    /// The settings, if a server can be started with them: the files that they name are looked at too.
    func servableSettings() throws(CommandFailure) -> Settings {
        let settings = try soundSettings()
        try Self.refuse(settings.unusableFiles(from: Surroundings.current), "the configuration cannot be served.")
        return settings
    }

    private static func refuse(_ contradictions: [Contradiction], _ sentence: String) throws(CommandFailure) {
        guard !contradictions.isEmpty else { return }
        throw CommandFailure(.configuration, ([sentence] + contradictions.map { "\($0)" }).joined(separator: "\n"))
    }

    private func text(of path: String) throws(ConfigurationError) -> String {
        func problem(_ message: String) -> ConfigurationError {
            ConfigurationError(problems: [ConfigurationProblem(origin: .wholeFile(path: path), message: message)])
        }
        guard let bytes = FileManager.default.contents(atPath: Surroundings.current.absolute(path)) else {
            throw problem("There is no readable file \(path).")
        }
        guard bytes.count <= FileReader.largest else { throw problem("The file has more than \(FileReader.largest) bytes.") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw problem("The file is not UTF-8.") }
        return text
    }
}
