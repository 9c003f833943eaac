public import TokenCore
public import TokenSealing

/// Keeps grants in a store of records: SQLite, Valkey, or one of a third party.
///
/// They are as durable as the store's commits. Its time is the store's where instances share it (`SharedStore`), else this machine's.
public struct RecordVault: TokenVault {
    private let store: any RecordStore
    private let sealer: UpstreamSealer
    private let time: SharedTime

    /// A vault in a store.
    ///
    /// - Parameter seals: what grants are sealed with: every process that shares them needs the same.
    public init(_ store: any RecordStore, seals: SealKeys) {
        self.store = store
        sealer = UpstreamSealer(seals)
        time = SharedTime(of: store as? any SharedStore)
    }

    /// The grant of that key.
    public func load(_ key: VaultKey) async throws(StoreError) -> VaultEntry {
        let now = try await time.now()
        guard let read = try await store.load(UpstreamRecord.self, id: id(key), now: now.time) else {
            return VaultEntry(UpstreamGrant(), version: .absent, now: now.time, error: now.error)
        }
        let grant: Secret
        do { grant = try sealer.open(read.record.sealed, digest: key.digest) } catch {
            throw .corrupt("an upstream grant does not open: \(error)")
        }
        return VaultEntry(try UpstreamGrant(grant), version: read.version, now: now.time, error: now.error)
    }

    /// Writes it, if nobody was faster.
    public func save(_ grant: UpstreamGrant, as key: VaultKey, over version: Version) async throws(StoreError) {
        let now = try await time.now().time
        let id = id(key)
        let record = UpstreamRecord(id, sealed: sealer.seal(grant.encoded(), digest: key.digest), expiresAt: grant.isNeededUntil(from: now))
        try await store.commit(WriteBatch(partition: record.key.partition, now: now, writes: [.put(record, over: version)]))
    }

    /// What it is.
    public var description: String { "store" }

    private func id(_ key: VaultKey) -> UpstreamRecord.ID { UpstreamRecord.ID(digest: key.digest, partitions: store.partitionCount) }
}
