/// What processes share of one token of somebody else's (`UpstreamGrant`), sealed: a store that keeps it learns nothing but when it changed.
public struct UpstreamRecord: Hashable, Sendable {
    /// Which one: a digest of everything that changes which token it is, so that a copy of the store does not tell whose tokens were fetched.
    public struct ID: Hashable, Sendable {
        /// 32 bytes.
        public let digest: [UInt8]
        let partition: Partition

        /// The record of that digest in a store of so many partitions. Digests are spread over them like subjects are.
        public init(digest: [UInt8], partitions: Int) {
            precondition(digest.count == 32, "a digest of another length")
            self.digest = digest
            let number = (UInt16(digest[0]) << 8 | UInt16(digest[1])) & UInt16(partitions - 1)
            partition = Partition(number: number) ?? .control
        }
    }

    /// Which one.
    public let id: ID
    /// The grant, sealed.
    public var sealed: [UInt8]
    /// When nobody needs it any more.
    public var expiresAt: UnixTime

    /// A sealed grant.
    public init(_ id: ID, sealed: [UInt8], expiresAt: UnixTime) {
        self.id = id
        self.sealed = sealed
        self.expiresAt = expiresAt
    }
}

extension UpstreamRecord: Record {
    private static let form: UInt8 = 1

    /// By its digest.
    public static func key(for id: ID) -> RecordKey { RecordKey(partition: id.partition, kind: .upstream, id: id.digest) }
    /// By its digest.
    public var key: RecordKey { Self.key(for: id) }

    /// Form 1: what was sealed, to the end.
    public func encoded() -> [UInt8] { [Self.form] + sealed }

    /// The record of what was stored.
    public init(stored: StoredRecord) throws(StoreError) {
        guard stored.key.id.count == 32, stored.body.first == Self.form else { throw .corrupt("an upstream grant of an unknown form") }
        id = ID(digest: stored.key.id, partition: stored.key.partition)
        sealed = Array(stored.body.dropFirst())
        expiresAt = stored.expiresAt
    }
}

extension UpstreamRecord.ID {
    fileprivate init(digest: [UInt8], partition: Partition) {
        self.digest = digest
        self.partition = partition
    }
}
