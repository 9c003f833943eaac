/// A client that may authenticate with a secret.
public struct ClientRecord: Hashable, Sendable, Record {
    /// How many secrets may be valid at once: the old and the new while a client is moved over (canon 19).
    public static let mostSecrets = 2
    /// How long a name may be, in bytes.
    public static let longestName = 128
    /// How long the list of what it may do is at most, in bytes.
    public static let longestScope = 2_048

    /// Its `client_id`.
    public let id: ClientID
    /// What people call it: at most `longestName` bytes.
    public let name: String
    /// Keyed hashes of its secrets, newest last: at most `mostSecrets`. Never the secrets.
    public private(set) var secrets: [[UInt8]]
    /// When it was made.
    public let createdAt: UnixTime
    /// What it may do, as scope tokens with one space between them; nil for everything that clients can do.
    public let scope: String?

    /// A new client with its first secret; nil when the name is empty or too long, or the scope is too long.
    public init?(id: ClientID, name: String, secret hash: [UInt8], createdAt: UnixTime, scope: String? = nil) {
        guard (1...Self.longestName).contains(name.utf8.count), scope?.utf8.count ?? 1 <= Self.longestScope else { return nil }
        self.scope = scope
        self.id = id
        self.name = name
        secrets = [hash]
        self.createdAt = createdAt
    }

    /// Adds a secret beside the newest; what was older is no longer valid.
    public mutating func rotate(to hash: [UInt8]) {
        secrets = secrets.suffix(Self.mostSecrets - 1) + [hash]
    }

    /// Leaves only the newest secret valid.
    public mutating func dropOldSecrets() { secrets = secrets.suffix(1) }
}

extension ClientRecord {
    private static let form: UInt8 = 1
    /// The form of a client whose scope is limited: one that does not know the limit must not read it as one without.
    private static let limitedForm: UInt8 = 2

    /// Where the client of that id stands.
    public static func key(for id: ClientID) -> RecordKey { RecordKey(partition: .control, kind: .client, id: Array(id.text.utf8)) }
    /// Where this client stands.
    public var key: RecordKey { Self.key(for: id) }
    /// Kept until it is removed.
    public var expiresAt: UnixTime { .distantFuture }

    /// Form 1; form 2, with the scope at the end, where there is one.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 160)
        writer.write(scope == nil ? Self.form : Self.limitedForm)
        writer.write(name)
        writer.write(createdAt)
        writer.write(UInt8(secrets.count))
        for secret in secrets { writer.write(sized: secret) }
        if let scope { writer.write(scope) }
        return writer.bytes
    }

    /// The client of a stored record.
    public init(stored: StoredRecord) throws(StoreError) {
        guard let text = String(validating: stored.key.id, as: UTF8.self), let id = ClientID(text) else {
            throw .corrupt("a client without a client id")
        }
        var reader = ByteReader(stored.body)
        let form = try reader.read(UInt8.self)
        guard form == Self.form || form == Self.limitedForm else { throw .corrupt("a client of an unknown form") }
        self.id = id
        name = try reader.readText()
        createdAt = try reader.readTime()
        let count = try reader.read(UInt8.self)
        guard count <= Self.mostSecrets else { throw .corrupt("a client with too many secrets") }
        secrets = []
        for _ in 0..<count { secrets.append(Array(try reader.readSized())) }
        scope = form == Self.limitedForm ? try reader.readText() : nil
        try reader.finish()
    }
}
