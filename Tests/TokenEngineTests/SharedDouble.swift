import Synchronization
import TokenCore
import TokenEngine
import TokenSealing

/// A shared store in memory whose clock, histories, bells and failures are in the test's hand.
final class SharedDouble: SharedStore, EventLog {
    /// One partition's log.
    struct Log {
        var head: UInt64 = 0
        var history = "first"
        var kept: [NumberedRevocation] = []
    }

    /// What was asked for, and what is to go wrong.
    struct State {
        var logs: [Partition: Log] = [:]
        var time = UnixTime(seconds: 1_800_000_000)
        var rings = true
        var bells: [AsyncStream<Partition>.Continuation] = []
        /// Nothing can be asked while it is set.
        var failure: StoreError?
        /// Of the next commit: it is made, or not, and this is thrown.
        var commitFailure: (error: StoreError, isMade: Bool)?
        var confirmFailure: StoreError?
        var loads = 0
        var commits = 0
        var reads = 0
        var surveys = 0
        var sweeps = 0
        var finds = 0
        var confirmed: [Partition] = []
    }

    let records = InMemoryStore(partitions: 4)
    /// What all instances have in common beside the store.
    let seals = SealKeys.generate()
    private let state = Mutex(State())
    let expiresByItself = true

    init() {
        state.withLock { state in
            for partition in Self.partitions { state.logs[partition] = Log() }
        }
    }

    static let partitions = (0..<4).compactMap { Partition(number: UInt16($0)) } + [.control]
    var partitionCount: Int { records.partitionCount }

    /// Whatever the test wants to see or set.
    @discardableResult
    func with<T: Sendable>(_ body: (inout State) -> sending T) -> T { state.withLock { body(&$0) } }

    func cut(_ failure: StoreError? = .unavailable("cut off")) { with { $0.failure = failure } }
    func advance(by duration: Duration) { with { $0.time = $0.time + duration } }

    /// Appends as a commit of another instance would.
    func append(_ entries: [RevocationEntry], to partition: Partition) {
        let bells = state.withLock { state in
            for entry in entries {
                state.logs[partition, default: Log()].head += 1
                let number = state.logs[partition, default: Log()].head
                state.logs[partition, default: Log()].kept.append(NumberedRevocation(number: number, entry: entry))
            }
            return state.rings ? state.bells : []
        }
        if !entries.isEmpty { for bell in bells { bell.yield(partition) } }
    }

    /// A replica is promoted that had only the first entries.
    func goBack(_ partition: Partition, to number: UInt64, history: String) {
        with { state in
            state.logs[partition]?.head = number
            state.logs[partition]?.history = history
            state.logs[partition]?.kept.removeAll { $0.number > number }
        }
    }

    func trim(_ partition: Partition, through number: UInt64) {
        with { $0.logs[partition]?.kept.removeAll { $0.number <= number } }
    }

    private func failIfCut() throws(StoreError) {
        let failure = state.withLock { $0.failure }
        if let failure { throw failure }
    }
}

extension SharedDouble {
    func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?] {
        with { $0.loads += 1 }
        try failIfCut()
        let found = try await records.load(keys, now: now)
        // Whoever else is about to write what was read gets the chance to.
        await Task.yield()
        return found
    }

    func commit(_ batch: WriteBatch) async throws(StoreError) {
        try failIfCut()
        let failure = with { state in
            defer { state.commitFailure = nil }
            state.commits += 1
            return state.commitFailure
        }
        if let failure, !failure.isMade { throw failure.error }
        try await records.commit(batch)
        append(batch.revocations, to: batch.partition)
        if let failure { throw failure.error }
    }

    func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] {
        with { $0.finds += 1 }
        try failIfCut()
        return try await records.find(query, now: now)
    }

    func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int {
        with { $0.sweeps += 1 }
        return 0
    }

    func check() async throws(StoreError) { try failIfCut() }

    func confirm(_ partition: Partition) async throws(StoreError) {
        let failure = with { state in
            state.confirmed.append(partition)
            return state.confirmFailure
        }
        if let failure { throw failure }
    }

    func time() async throws(StoreError) -> UnixTime {
        try failIfCut()
        return with { $0.time }
    }

    func survey() async throws(StoreError) -> [Partition: RevocationHead] {
        with { $0.surveys += 1 }
        try failIfCut()
        return with { $0.logs.mapValues { RevocationHead(number: $0.head, history: $0.history) } }
    }

    func bells() -> AsyncStream<Partition> {
        let (stream, bell) = AsyncStream<Partition>.makeStream()
        with { $0.bells.append(bell) }
        return stream
    }

    func revocationHeads() async throws(StoreError) -> [Partition: UInt64] {
        try failIfCut()
        return with { $0.logs.mapValues(\.head).filter { $0.value > 0 } }
    }

    func revocations(in partition: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedRevocation] {
        with { $0.reads += 1 }
        try failIfCut()
        return with { Array(($0.logs[partition]?.kept ?? []).lazy.filter { $0.number > number }.prefix(limit)) }
    }

    func outboxHeads() async throws(StoreError) -> [Partition: UInt64] { try await records.outboxHeads() }
    func events(in outbox: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent] {
        try await records.events(in: outbox, after: number, limit: limit)
    }
    func trimEvents(in outbox: Partition, through number: UInt64) async throws(StoreError) {
        try await records.trimEvents(in: outbox, through: number)
    }
    func backlog(of outbox: Partition) async throws(StoreError) -> OutboxBacklog { try await records.backlog(of: outbox) }
}
