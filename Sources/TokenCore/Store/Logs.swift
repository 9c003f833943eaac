/// An entry of a partition's revocation log with its dense number.
public struct NumberedRevocation: Hashable, Sendable {
    /// 1, 2, 3 … within the partition, without gaps, never used twice.
    public let number: UInt64
    /// What was revoked.
    public let entry: RevocationEntry

    /// An entry as the log has it.
    public init(number: UInt64, entry: RevocationEntry) {
        self.number = number
        self.entry = entry
    }
}

/// The log of revocations: small, followed by every instance, kept as long as the longest access token in force when each was written.
public protocol RevocationLog: Sendable {
    /// The number of the last entry ever written in each partition that has one.
    func revocationHeads() async throws(StoreError) -> [Partition: UInt64]
    /// Entries after a number, in order, as far as they are still kept. At most `limit` (1 ... 10,000).
    func revocations(in partition: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedRevocation]
}

/// An event with its place in the outbox.
public struct NumberedEvent: Hashable, Sendable {
    /// Rises with every event of the store, and is never used twice: also not after a restore, where it jumps. What waits in an outbox has dense
    /// numbers; from one delivery to the next a gap means that events were dropped, or a restore.
    public let number: UInt64
    /// What happened.
    public let event: Event

    /// An event as the outbox has it.
    public init(number: UInt64, event: Event) {
        self.number = number
        self.event = event
    }
}

/// How much waits in the outbox.
public struct OutboxBacklog: Hashable, Sendable {
    /// How many events.
    public var count: Int
    /// Their bytes, about.
    public var bytes: Int
    /// When the oldest was written; nil when there is none.
    public var oldest: UnixTime?

    /// A backlog.
    public init(count: Int, bytes: Int, oldest: UnixTime?) {
        self.count = count
        self.bytes = bytes
        self.oldest = oldest
    }
}

/// The outbox: every event, committed with the change it tells of, read by one relay, removed when every sink has it.
public protocol EventLog: Sendable {
    /// Events after a number, in order. At most `limit` (1 ... 10,000).
    func events(after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent]
    /// Removes every event up to and including `number`.
    func trimEvents(through number: UInt64) async throws(StoreError)
    /// How much waits.
    func backlog() async throws(StoreError) -> OutboxBacklog
}
