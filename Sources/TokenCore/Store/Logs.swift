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

/// An event with its place in an outbox.
public struct NumberedEvent: Hashable, Sendable {
    /// Which outbox it waits in.
    public let outbox: Partition
    /// Rises with every event of the outbox, and is never used twice: also not after a restore, where it jumps. What waits in an outbox has dense
    /// numbers; from one delivery to the next a gap means that events were dropped, or a restore.
    public let number: UInt64
    /// What happened.
    public let event: Event

    /// An event as the outbox has it.
    public init(outbox: Partition = .control, number: UInt64, event: Event) {
        self.outbox = outbox
        self.number = number
        self.event = event
    }
}

/// How much waits in an outbox.
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

/// The outboxes: every event, committed with the change it tells of, read by one relay, removed when every sink has it.
///
/// A store has one for everything, `.control`, or one in each partition. Each has an order and numbers of its own.
public protocol EventLog: Sendable {
    /// Every outbox in which events wait, with the number of its last event. One from which everything was trimmed may be named too.
    /// 0 says, once, that the outbox has another past than when it was last asked for: what was carried of it counts no more.
    func outboxHeads() async throws(StoreError) -> [Partition: UInt64]
    /// Events of an outbox after a number, in order. At most `limit` (1 ... 10,000).
    func events(in outbox: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent]
    /// Removes every event of an outbox up to and including `number`.
    func trimEvents(in outbox: Partition, through number: UInt64) async throws(StoreError)
    /// How much waits in an outbox.
    func backlog(of outbox: Partition) async throws(StoreError) -> OutboxBacklog
}

extension EventLog {
    /// Events of the outbox `.control` after a number, in order. At most `limit` (1 ... 10,000).
    public func events(after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent] {
        try await events(in: .control, after: number, limit: limit)
    }
    /// Removes every event of the outbox `.control` up to and including `number`.
    public func trimEvents(through number: UInt64) async throws(StoreError) { try await trimEvents(in: .control, through: number) }
    /// How much waits in the outbox `.control`.
    public func backlog() async throws(StoreError) -> OutboxBacklog { try await backlog(of: .control) }
}
