/// Settings, and for each key its text and who said it.
struct LoadedSettings: Sendable {
    let settings: Settings
    /// One entry a key, in the order of the table.
    let entries: [Entry]

    /// What `config show` prints of one key.
    struct Entry: Sendable, Equatable {
        let name: String
        /// `Secret(…)` for a secret that is set.
        let text: String
        let origin: Origin
    }
}

/// The three sources of configuration, already read from the outside world.
struct ConfigurationSources: Sendable {
    /// The file of `--config`, if one was named.
    var file: (path: String, yaml: String)?
    /// Every variable of the process.
    var environment: [String: String] = [:]
    /// Each `--set key=value`.
    var flags: [String] = []

    /// Resolves every key (flags over environment over file over defaults) and builds the settings.
    ///
    /// - Throws: all problems of all sources at once. Contradictions between valid values are not among them: see
    ///   `Settings.contradictions(workingDirectory:)`.
    func load() throws(ConfigurationError) -> LoadedSettings {
        let layers = [
            FlagReader.read(flags), EnvironmentReader.read(environment),
            file.map { FileReader.read(yaml: $0.yaml, path: $0.path) } ?? ConfigurationLayer(name: "file"),
        ]
        var reader = ValueReader(layers: layers)
        let settings = Settings(reading: &reader)
        let problems = layers.flatMap(\.problems) + reader.problems
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return LoadedSettings(settings: settings, entries: reader.entries)
    }
}
