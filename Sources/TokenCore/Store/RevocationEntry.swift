/// What may no longer be accepted, and how long that has to be remembered.
public struct RevocationEntry: Hashable, Sendable {
    /// What is revoked.
    public enum Target: Hashable, Sendable {
        /// One session: its access tokens, by `sid`.
        case session(SessionID)
        /// Every session of a subject born at or before a time: an epoch.
        case subject(Subject, upTo: UnixTime)
        /// Every session begun by a client born at or before a time.
        case client(ClientID, upTo: UnixTime)
        /// Everything that a signing key signed.
        case key(KeyID)
        /// Everything born at or before a time: after a restore.
        case everything(upTo: UnixTime)
    }

    /// What is revoked.
    public let target: Target
    /// When the last token it concerns has expired by itself, the leeway included.
    public let expiresAt: UnixTime

    /// An entry to append to a partition's log.
    public init(_ target: Target, expiresAt: UnixTime) {
        self.target = target
        self.expiresAt = expiresAt
    }
}

extension RevocationEntry {
    /// The stored form.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 40)
        writer.write(expiresAt)
        switch target {
        case .session(let id):
            writer.write(UInt8(1))
            writer.write(raw: id.bytes)
        case .subject(let subject, let time):
            writer.write(UInt8(2))
            writer.write(subject.text)
            writer.write(time)
        case .client(let client, let time):
            writer.write(UInt8(3))
            writer.write(client.text)
            writer.write(time)
        case .key(let key):
            writer.write(UInt8(4))
            writer.write(key.text)
        case .everything(let time):
            writer.write(UInt8(5))
            writer.write(time)
        }
        return writer.bytes
    }

    /// The entry of a stored form.
    ///
    /// - Throws: `.corrupt` when it is none.
    public init(stored: [UInt8]) throws(StoreError) {
        var reader = ByteReader(stored)
        expiresAt = try reader.readTime()
        target = try Self.target(&reader)
        try reader.finish()
    }

    private static func target(_ reader: inout ByteReader) throws(StoreError) -> Target {
        switch try reader.read(UInt8.self) {
        case 1:
            if let id = SessionID(bytes: try reader.read(count: 16)) { return .session(id) }
        case 2:
            if let subject = Subject(text: try reader.readText()) { return .subject(subject, upTo: try reader.readTime()) }
        case 3:
            if let client = ClientID(try reader.readText()) { return .client(client, upTo: try reader.readTime()) }
        case 4:
            if let key = KeyID(try reader.readText()) { return .key(key) }
        case 5:
            return .everything(upTo: try reader.readTime())
        default:
            break
        }
        throw .corrupt("a revocation entry of no known form")
    }
}
