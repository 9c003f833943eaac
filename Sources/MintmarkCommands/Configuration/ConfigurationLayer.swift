import Configuration

/// What one source of configuration says: the file, the environment or the flags, flattened to keys and texts.
///
/// swift-configuration resolves the layers, each as its in-memory provider. Its own readers of files and of the
/// environment are not used: they answer for a key but cannot list what they hold, and an unknown key must be an error
/// that names its line.
struct ConfigurationLayer: Sendable {
    /// One value as its source wrote it; a list is joined with commas.
    struct Entry: Sendable {
        let text: String
        let origin: Origin
    }

    /// The name under which the reader reports who answered.
    let name: String
    /// By key.
    var entries: [String: Entry] = [:]
    /// What the source says that cannot be read; the rest of it is in `entries` all the same, so that one look shows everything.
    var problems: [ConfigurationProblem] = []

    /// The layer as the reader wants it.
    var provider: InMemoryProvider {
        let values = entries.map { name, entry in
            (
                AbsoluteConfigKey(name.split(separator: ".").map(String.init)),
                ConfigValue(.string(entry.text), isSecret: Keys.isSecret(name))
            )
        }
        return InMemoryProvider(name: name, values: Dictionary(uniqueKeysWithValues: values))
    }
}
