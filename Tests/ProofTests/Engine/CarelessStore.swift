import TokenCore
import TokenEngine

/// A store with a planted fault: it commits over whatever stands there, as a store without compare-and-swap does.
struct CarelessStore: RecordStore, RevocationLog, EventLog {
    let store = InMemoryStore()
    /// Which records it overwrites without looking.
    let overwrites: @Sendable (RecordKind) -> Bool

    var partitionCount: Int { store.partitionCount }

    func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?] {
        let records = try await store.load(keys, now: now)
        // Whoever races gets in between reading and writing.
        await Task.yield()
        return records
    }

    func commit(_ batch: WriteBatch) async throws(StoreError) {
        for _ in 0..<100 {
            var blind = batch
            blind.writes = []
            for write in batch.writes { if let write = try await renewed(write, now: batch.now) { blind.writes.append(write) } }
            do { return try await store.commit(blind) } catch {
                guard error == .conflict, batch.writes.contains(where: { overwrites($0.key.kind) }) else { throw error }
            }
        }
        throw .conflict
    }

    /// A write that expects what is there; conditions are dropped.
    private func renewed(_ write: Write, now: UnixTime) async throws(StoreError) -> Write? {
        guard overwrites(write.key.kind) else { return write }
        switch write {
        case .put(let record, _):
            return .put(record, expecting: try await store.load([write.key], now: now)[0]?.version ?? .absent)
        case .remove(let key, _):
            return try await store.load([key], now: now)[0].map { .remove(key, expecting: $0.version) }
        case .expect: return nil
        case .touch: return write
        }
    }

    func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] { try await store.find(query, now: now) }
    func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int { try await store.sweep(now: now, limit: limit) }
    func check() async throws(StoreError) { try await store.check() }
    func revocationHeads() async throws(StoreError) -> [Partition: UInt64] { try await store.revocationHeads() }
    func revocations(in partition: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedRevocation] {
        try await store.revocations(in: partition, after: number, limit: limit)
    }
    func outboxHeads() async throws(StoreError) -> [Partition: UInt64] { try await store.outboxHeads() }
    func events(in outbox: Partition, after number: UInt64, limit: Int) async throws(StoreError) -> [NumberedEvent] {
        try await store.events(in: outbox, after: number, limit: limit)
    }
    func trimEvents(in outbox: Partition, through number: UInt64) async throws(StoreError) {
        try await store.trimEvents(in: outbox, through: number)
    }
    func backlog(of outbox: Partition) async throws(StoreError) -> OutboxBacklog { try await store.backlog(of: outbox) }
}
