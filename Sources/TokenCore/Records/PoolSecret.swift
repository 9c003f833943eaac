/// What the values of pooled tokens are sealed with and their ids made by: 32 random bytes, drawn once for a store, themselves sealed with a
/// seal key. So a seal that changes seals one record again, and every token keeps its id.
public struct PoolSecret: Hashable, Sendable, Record {
    /// The secret, sealed.
    public var sealed: [UInt8]

    /// A sealed secret.
    public init(sealed: [UInt8]) { self.sealed = sealed }

    /// There is one in a store.
    public static func key(for id: Void) -> RecordKey { RecordKey(partition: .control, kind: .poolSecret, id: []) }
    /// There is one in a store.
    public var key: RecordKey { Self.key(for: ()) }
    /// Kept for ever: without it no token of a pool can be read.
    public var expiresAt: UnixTime { .distantFuture }

    /// Form 1: the sealed secret.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 80)
        writer.write(UInt8(1))
        writer.write(sized: sealed)
        return writer.bytes
    }

    /// The secret of what was stored.
    public init(stored: StoredRecord) throws(StoreError) {
        var reader = ByteReader(stored.body)
        guard try reader.read(UInt8.self) == 1 else { throw .corrupt("a secret of pools of an unknown form") }
        sealed = Array(try reader.readSized())
        try reader.finish()
    }
}
