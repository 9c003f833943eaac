/// Where records live. A store knows versions and bytes, and no OAuth.
///
/// Promises of an implementer:
/// - Every method may be called from any task, any number at once.
/// - `commit` is atomic, and two commits that name the same record are decided one after the other: of any number of writers that expect
///   the same version exactly one succeeds. Reads see every commit that returned before they began.
/// - When `commit` returns, the batch survives what the store's stated durability says it survives; when it throws
///   `.conflict`, `.unavailable` or `.overloaded` nothing of it was written.
/// - Dense numbers of revocations are drawn in the commit that writes them.
public protocol RecordStore: Sendable {
    /// How many partitions subjects are spread over: a power of two, fixed when the store was first opened.
    var partitionCount: Int { get }

    /// The records of these keys, in their order and all of one moment; nil for what is absent or expired at `now`. At most 1,024 keys of
    /// one partition.
    ///
    /// - Throws: `.unavailable`, `.corrupt`.
    func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?]

    /// Applies every write and appends every revocation and event, or none.
    ///
    /// - Throws: `.conflict` if any expected version differs, also of a record that is only named by `expect`; `.unavailable`, `.overloaded`,
    ///   `.outcomeUnknown`.
    func commit(_ batch: WriteBatch) async throws(StoreError)

    /// Records of a kind in a partition, in the order of their ids, after `after`: all of the kind, or those of one index key.
    ///
    /// - Parameter limit: 1 ... 1,000. Fewer than `limit` means that there are no more.
    func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord]

    /// Removes what has expired at `now`, in a small piece of work: at most `limit` records and as many revocation entries.
    /// An entry leaves a partition's log only after all before it: what is kept of a log has no gap.
    ///
    /// - Returns: how many records and entries were removed together; fewer than `limit` means that nothing is due.
    func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int

    /// Whether the store can write now: writes something and takes it back.
    ///
    /// - Throws: why not.
    func check() async throws(StoreError)

    /// Whether what has expired leaves by itself: `sweep` then has nothing to do and answers 0. Without it: false.
    var expiresByItself: Bool { get }

    /// Makes sure that whatever was read of a partition before the call survives what the store's stated durability says it survives. A change
    /// that finds its work done and writes nothing is acknowledged only after this. Without it nothing is done: right where a read sees nothing
    /// that could still be lost.
    ///
    /// - Throws: `.unavailable`, `.outcomeUnknown`: what was read may be lost yet.
    func confirm(_ partition: Partition) async throws(StoreError)
}

extension RecordStore {
    /// No: somebody sweeps.
    public var expiresByItself: Bool { false }
    /// Nothing: what can be read survives.
    public func confirm(_ partition: Partition) async throws(StoreError) {}
}

/// What `find` looks for.
public struct RecordQuery: Hashable, Sendable {
    /// Where.
    public var partition: Partition
    /// What.
    public var kind: RecordKind
    /// Only records of this index key; nil for all of the kind.
    public var indexKey: [UInt8]?
    /// Only ids greater than this one; nil from the first.
    public var after: [UInt8]?
    /// At most this many: 1 ... 1,000.
    public var limit: Int

    /// A query.
    public init(partition: Partition, kind: RecordKind, indexKey: [UInt8]? = nil, after: [UInt8]? = nil, limit: Int = 100) {
        self.partition = partition
        self.kind = kind
        self.indexKey = indexKey
        self.after = after
        self.limit = limit
    }
}

extension RecordStore {
    /// The record and the version to expect when writing it back; nil if absent or past its expiry.
    ///
    /// - Throws: as `load(_:now:)`; `.corrupt` when the bytes are not of the type's form.
    public func load<R: Record>(_ type: R.Type, id: R.ID, now: UnixTime) async throws(StoreError) -> Versioned<R>? {
        guard let stored = try await load([R.key(for: id)], now: now)[0] else { return nil }
        return Versioned(try R(stored: stored), version: stored.version)
    }
}
