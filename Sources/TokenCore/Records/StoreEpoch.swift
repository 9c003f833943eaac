/// The epoch of the whole store: nothing born at or before it is accepted. Written after a restore, and by order of an administrator.
public struct StoreEpoch: Sendable, Hashable, Record {
    /// The epoch.
    public var upTo: UnixTime
    /// When nothing that old can exist any more.
    public var expiresAt: UnixTime

    /// An epoch, kept until `expiresAt`.
    public init(upTo: UnixTime, expiresAt: UnixTime) {
        self.upTo = upTo
        self.expiresAt = expiresAt
    }

    /// There is one in a store.
    public static func key(for id: Void) -> RecordKey { RecordKey(partition: .control, kind: .storeEpoch, id: []) }
    /// There is one in a store.
    public var key: RecordKey { Self.key(for: ()) }

    /// Form 1: the epoch.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 9)
        writer.write(UInt8(1))
        writer.write(upTo)
        return writer.bytes
    }

    /// The epoch of what was stored.
    public init(stored: StoredRecord) throws(StoreError) {
        var reader = ByteReader(stored.body)
        guard try reader.read(UInt8.self) == 1 else { throw .corrupt("a store epoch of an unknown form") }
        upTo = try reader.readTime()
        try reader.finish()
        expiresAt = stored.expiresAt
    }
}
