/// The stored form of a family: one row, its fixed part under 120 bytes.
extension Family: Record {
    private static let form: UInt8 = 1

    /// Where the family of that id stands: the id carries its partition.
    public static func key(for id: SessionID) -> RecordKey {
        RecordKey(partition: id.partition, kind: .family, id: id.bytes)
    }

    /// Where this family stands.
    public var key: RecordKey { Self.key(for: id) }
    /// Families are listed by their subject until they are revoked.
    public var indexKey: [UInt8]? {
        if case .revoked = life { nil } else { Array(subject.text.utf8) }
    }

    /// Form 1. Activity and expiry are the store's own columns and not repeated here.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 160 + attributes.claims.count)
        writer.write(Self.form)
        writer.write(seal.value)
        writer.write(raw: salt)
        writer.write(end)
        writer.write(lastAccessEnd)
        switch life {
        case .active(let generation, let rotatedAt):
            writer.write(UInt8(0))
            writer.write(generation)
            writer.write(rotatedAt)
        case .revoked(let reason, let time):
            writer.write(reason.rawValue)
            writer.write(time)
        }
        writer.write(UInt8(subject.isInteger ? 1 : 0))
        writer.write(subject.text)
        writer.write(client?.text)
        writer.write(attributes.scope)
        writer.write(attributes.audience)
        writer.write(attributes.device)
        writer.write(sized: attributes.claims)
        return writer.bytes
    }

    /// The family of a stored record.
    public init(stored: StoredRecord) throws(StoreError) {
        guard let id = SessionID(bytes: stored.key.id) else { throw .corrupt("a family without a session id") }
        var reader = ByteReader(stored.body)
        guard try reader.read(UInt8.self) == Self.form else { throw .corrupt("a family of an unknown form") }
        self.id = id
        seal = SealNumber(try reader.read())
        salt = Array(try reader.read(count: 16))
        end = try reader.readTime()
        lastAccessEnd = try reader.readTime()
        life = try Self.readLife(&reader)
        let isInteger = try reader.readPresence()
        guard let subject = Self.subject(try reader.readText(), isInteger: isInteger) else { throw .corrupt("a family without a subject") }
        self.subject = subject
        client = try Self.readClient(&reader)
        attributes = Attributes(
            scope: try reader.readOptionalText(), audience: try reader.readOptionalText(), device: try reader.readOptionalText(),
            claims: Array(try reader.readSized()))
        try reader.finish()
        activity = stored.activity
        expiresAt = stored.expiresAt
    }

    private static func readLife(_ reader: inout ByteReader) throws(StoreError) -> Life {
        let tag = try reader.read(UInt8.self)
        if tag == 0 { return .active(generation: try reader.read(), rotatedAt: try reader.readTime()) }
        guard let reason = RevocationReason(rawValue: tag) else { throw .corrupt("a family revoked for no known reason") }
        return .revoked(reason, at: try reader.readTime())
    }

    private static func readClient(_ reader: inout ByteReader) throws(StoreError) -> ClientID? {
        guard let text = try reader.readOptionalText() else { return nil }
        guard let client = ClientID(text) else { throw .corrupt("a family of no client that can be") }
        return client
    }

    private static func subject(_ text: String, isInteger: Bool) -> Subject? {
        guard isInteger else { return Subject(text: text) }
        return Int64(text).flatMap { Subject(integer: $0) }
    }
}
