import Configuration
import Synchronization

/// Reads typed values out of the layers and remembers what was read, from where, and what was wrong with it.
struct ValueReader {
    private let reader: ConfigReader
    private let witness = Witness()
    private let layers: [String: ConfigurationLayer]
    private(set) var entries: [LoadedSettings.Entry] = []
    private(set) var problems: [ConfigurationProblem] = []

    /// - Parameter layers: the one that wins first.
    init(layers: [ConfigurationLayer]) {
        self.layers = Dictionary(uniqueKeysWithValues: layers.map { ($0.provider.providerName, $0) })
        // The empty provider is there because a reader without any would stop the process.
        self.reader = ConfigReader(
            providers: layers.map(\.provider) + [InMemoryProvider(values: [:])], accessReporter: witness)
    }

    /// The value of a key with a default of its own.
    ///
    /// A value that is not of its kind is reported, and the default stands in so that reading can go on.
    mutating func value<Value>(of key: ConfigurationKey<Value>) -> Value {
        guard case .text(let fallback) = key.fallback else {
            preconditionFailure("\(key.name) has no default of its own")
        }
        return value(of: key, default: fallback)
    }

    /// The value of a key whose default is made from other values.
    mutating func value<Value>(of key: ConfigurationKey<Value>, default fallback: String) -> Value {
        if let value = optional(key) { return value }
        record(key, fallback, .default)
        do { return try key.kind.parse(fallback) } catch {
            preconditionFailure("the default of \(key.name) \(error.reason)")
        }
    }

    /// The value of a key that has none where nobody says anything; what is not of its kind is reported.
    mutating func optional<Value>(_ key: ConfigurationKey<Value>) -> Value? {
        guard let text = reader.string(forKey: ConfigKey(key.name)) else { return nil }
        let origin = origin(of: key.name)
        do {
            let value = try key.kind.parse(text)
            record(key, text, origin)
            return value
        } catch {
            let shown = key.isSecret ? "" : " '\(text.prefix(80))'"
            problems.append(.init(origin: origin, message: "The value\(shown) of '\(key.name)' \(error.reason)."))
            return nil
        }
    }

    /// The names of a map's entries, of which any layer says something, in the order of the alphabet.
    func entries(of section: String) -> [String] {
        let keys = layers.values.flatMap(\.entries.keys).map { $0.split(separator: ".", omittingEmptySubsequences: false) }
        return Set(keys.filter { $0.count > 2 && $0[0] == section }.map { String($0[1]) }).sorted()
    }

    /// What any layer names below a prefix, without it.
    func names(below prefix: String) -> Set<String> {
        Set(layers.values.flatMap(\.entries.keys).filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
    }

    /// Says what is wrong with an entry of a map.
    mutating func report(_ message: String, near prefix: String) {
        let origin = layers.values.lazy.flatMap(\.entries).first { $0.key.hasPrefix(prefix) }?.value.origin ?? .default
        problems.append(.init(origin: origin, message: message))
    }

    /// Whether a key that has been read was named by somebody.
    func isNamed(_ key: any DescribedKey) -> Bool { origin(of: key.name) != .default }

    private mutating func record(_ key: some DescribedKey, _ text: String, _ origin: Origin) {
        entries.append(.init(name: key.name, text: key.isSecret && !text.isEmpty ? "Secret(…)" : text, origin: origin))
    }

    private func origin(of name: String) -> Origin {
        guard let provider = witness.provider(of: name) else { return .default }
        return layers[provider]?.entries[name]?.origin ?? .default
    }
}

/// Sees through swift-configuration's access reports which provider answered for a key.
private final class Witness: AccessReporter {
    /// By key. Guarded for the time of one dictionary access.
    private let providers = Mutex<[String: String]>([:])

    func report(_ event: AccessEvent) {
        let answer = event.providerResults.first { result in
            if case .success(let lookup) = result.result { lookup.value != nil } else { false }
        }
        let name = event.metadata.key.components.joined(separator: ".")
        providers.withLock { $0[name] = answer?.providerName }
    }

    func provider(of name: String) -> String? { providers.withLock { $0[name] } }
}
