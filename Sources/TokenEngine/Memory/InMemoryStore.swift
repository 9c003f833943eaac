import Synchronization
public import TokenCore

/// The reference model of a store: everything in dictionaries behind one mutex, plain and obviously right.
///
/// Nothing survives the process. Tests run on it, and every other store is compared with it; a server that may forget
/// everything at a restart may run on it too.
public final class InMemoryStore: Sendable {
    /// How many partitions there are, fixed when the store is made.
    public let partitionCount: Int
    /// Guards everything that is stored, for the length of one call.
    private let contents = Mutex(MemoryContents())

    /// An empty store.
    ///
    /// - Parameter partitions: a power of two, 1 ... 2,048.
    public init(partitions: Int = Partition.usual) {
        precondition((1...Partition.most).contains(partitions) && partitions.nonzeroBitCount == 1, "partitions are a power of two")
        partitionCount = partitions
    }
}

extension InMemoryStore: RecordStore {
    public func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?] {
        contents.withLock { contents in keys.map { contents.record($0, at: now) } }
    }

    public func commit(_ batch: WriteBatch) async throws(StoreError) {
        batch.checkBounds()
        let met = contents.withLock { contents in
            guard contents.meets(batch) else { return false }
            contents.apply(batch)
            return true
        }
        guard met else { throw .conflict }
    }

    public func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] {
        contents.withLock { $0.find(query, at: now) }
    }

    public func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int {
        contents.withLock { $0.sweepRecords(at: now, limit: limit) + $0.sweepRevocations(at: now, limit: limit) }
    }

    /// Always: memory is writable.
    public func check() async throws(StoreError) {}
}

extension InMemoryStore: RevocationLog {
    public func revocationHeads() async throws(StoreError) -> [Partition: UInt64] {
        contents.withLock { $0.heads }
    }

    public func revocations(in partition: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedRevocation] {
        contents.withLock { contents in
            Array((contents.revocations[partition] ?? []).lazy.filter { $0.number > number }.prefix(limit))
        }
    }
}

extension InMemoryStore: EventLog {
    public func outboxHeads() async throws(StoreError) -> [Partition: UInt64] {
        contents.withLock { contents in contents.events.last.map { [.control: $0.number] } ?? [:] }
    }

    public func events(in outbox: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent] {
        contents.withLock { contents in
            Array(contents.events.lazy.filter { $0.outbox == outbox && $0.number > number }.prefix(limit))
        }
    }

    public func trimEvents(in outbox: Partition, through number: UInt64) async throws(StoreError) {
        contents.withLock { contents in contents.events.removeAll { $0.outbox == outbox && $0.number <= number } }
    }

    public func backlog(of outbox: Partition) async throws(StoreError) -> OutboxBacklog {
        contents.withLock { contents in
            let waiting = contents.events.filter { $0.outbox == outbox }
            return OutboxBacklog(
                count: waiting.count, bytes: waiting.reduce(0) { $0 + $1.event.encoded().count }, oldest: waiting.first?.event.at)
        }
    }
}
