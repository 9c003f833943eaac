import StoreConformance
import Testing
import TokenCore
import TokenEngine

@Suite struct InMemoryStoreTests {
    @Test(arguments: StoreConformance.checks)
    func conforms(check: StoreCheck) async throws {
        try await check.run { InMemoryStore() }
    }
}

/// The suite's other variant, for stores from which rows leave by themselves.
@Suite struct SelfExpiryTests {
    @Test(arguments: StoreConformance.checks(expiringByItself: true))
    func aStoreThatIsNotSweptConforms(check: StoreCheck) async throws {
        try await check.run { UnsweptStore() }
    }

    @Test func eachVariantFindsTheOtherKindOfStore() async {
        let swept = await StoreConformance.failures(expiringByItself: true) { InMemoryStore() }
        #expect(swept.map(\.check) == ["a store that expires by itself says so, and its sweep removes nothing"])
        let unswept = await StoreConformance.failures { UnsweptStore() }
        #expect(unswept.count == 5, "four of rows and one of revocations: \(unswept.map(\.check))")
    }
}

/// A store in memory whose sweep has nothing to do.
private final class UnsweptStore: RecordStore, RevocationLog, EventLog {
    private let store = InMemoryStore()
    let expiresByItself = true

    var partitionCount: Int { store.partitionCount }
    func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?] { try await store.load(keys, now: now) }
    func commit(_ batch: WriteBatch) async throws(StoreError) { try await store.commit(batch) }
    func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] { try await store.find(query, now: now) }
    func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int { 0 }
    func check() async throws(StoreError) {}
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
