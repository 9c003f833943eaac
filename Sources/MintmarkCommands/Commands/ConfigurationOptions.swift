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
    /// - Throws: `CommandFailure` with every problem, one a line.
    func load() throws(CommandFailure) -> LoadedSettings {
        var sources = ConfigurationSources(environment: Surroundings.current.environment, flags: assignments)
        if let file { sources.file = (path: file, yaml: try read(file)) }
        do {
            return try sources.load()
        } catch {
            throw CommandFailure(.configuration, "the configuration cannot be read.\n\(error.description)")
        }
    }

    /// The settings, if they also make sense together: what everything that acts on them starts from.
    func soundSettings() throws(CommandFailure) -> Settings {
        let settings = try load().settings
        let contradictions = settings.contradictions(workingDirectory: Surroundings.current.workingDirectory)
        guard contradictions.isEmpty else {
            let lines = contradictions.map { "\($0)" }.joined(separator: "\n")
            throw CommandFailure(.configuration, "the configuration contradicts itself.\n\(lines)")
        }
        return settings
    }

    private func read(_ path: String) throws(CommandFailure) -> String {
        guard let bytes = FileManager.default.contents(atPath: Surroundings.current.absolute(path)) else {
            throw CommandFailure(.configuration, "there is no readable file \(path).")
        }
        guard bytes.count <= FileReader.largest else {
            throw CommandFailure(.configuration, "\(path) has more than \(FileReader.largest) bytes.")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(.configuration, "\(path) is not UTF-8.")
        }
        return text
    }
}
