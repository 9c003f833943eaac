/// One row of the table of configuration keys: everything that is known about a key, in one place.
///
/// The loader, `config show`, the message for an unknown key and docs/configuration.md all read it from here.
struct ConfigurationKey<Value: Sendable>: Sendable {
    /// Section and name, such as `auth.access_lifetime`.
    let name: String
    /// What may be written, and how it is read.
    let kind: ValueKind<Value>
    /// What holds where nobody said anything.
    let fallback: Fallback
    /// One sentence for docs/configuration.md.
    let meaning: String
    /// True if the value is never printed or echoed in an error.
    let isSecret: Bool

    /// What a key is worth where no file, variable or flag names it.
    enum Fallback: Sendable {
        /// This text, read like any other.
        case text(String)
        /// Made from other values by `Settings`; the text is for the documentation.
        case derived(String)
    }

    init(
        _ name: String, _ kind: ValueKind<Value>, default fallback: String, secret: Bool = false, _ meaning: String
    ) {
        self.init(name: name, kind: kind, fallback: .text(fallback), meaning: meaning, isSecret: secret)
    }

    init(_ name: String, _ kind: ValueKind<Value>, derived: String, _ meaning: String) {
        self.init(name: name, kind: kind, fallback: .derived(derived), meaning: meaning, isSecret: false)
    }

    private init(name: String, kind: ValueKind<Value>, fallback: Fallback, meaning: String, isSecret: Bool) {
        self.name = name
        self.kind = kind
        self.fallback = fallback
        self.meaning = meaning
        self.isSecret = isSecret
    }
}

extension ConfigurationKey {
    /// The key of one entry of a named map: `upstreams.NAME.scope` of `crm` is `upstreams.crm.scope`.
    func of(_ entry: String) -> Self {
        Self(name: name.replacing(Self.place, with: ".\(entry)."), kind: kind, fallback: fallback, meaning: meaning, isSecret: isSecret)
    }

    /// What stands for an entry's name in the table of a named map.
    private static var place: String { ".NAME." }
}

/// What can be said about a key without knowing the type of its value.
protocol DescribedKey: Sendable {
    /// Section and name, such as `auth.access_lifetime`.
    var name: String { get }
    /// What may be written: the kind, its unit and its bounds.
    var allowed: String { get }
    /// What holds where nobody said anything, as text.
    var documentedDefault: String { get }
    /// One sentence for docs/configuration.md.
    var meaning: String { get }
    /// True if the value is never printed or echoed in an error.
    var isSecret: Bool { get }
}

extension ConfigurationKey: DescribedKey {
    /// What may be written: the kind, its unit and its bounds.
    var allowed: String { kind.allowed }

    /// What holds where nobody said anything, as text.
    var documentedDefault: String {
        switch fallback {
        case .text(let text), .derived(let text): text
        }
    }
}

extension DescribedKey {
    /// The environment variable of the key: `server.port` is `MINTMARK_SERVER_PORT`.
    var environmentName: String {
        EnvironmentReader.prefix + name.uppercased().replacing(".", with: "_")
    }
}
