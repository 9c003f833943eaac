import StoreConformance
import Testing
import TokenCore
import TokenEngine

@Suite struct InMemoryLeasePoolTests {
    @Test(arguments: PoolConformance.checks)
    func conforms(check: PoolCheck) async throws {
        try await check.run { InMemoryLeasePool() }
    }

    /// The variant for stores that decide by their own time.
    @Test(arguments: PoolConformance.checks(by: .own))
    func conformsByAClockOfItsOwn(check: PoolCheck) async throws {
        try await check.run { OwnTimePool() }
    }

    @Test func manyWalksAgreeWithTheRules() async throws {
        for seed in 0..<20 as Range<UInt64> {
            var difference = PoolDifference(of: InMemoryLeasePool(), seed: seed)
            try await difference.run(steps: 300)
        }
    }
}

/// A store that does not look at the time it is given.
private struct OwnTimePool: LeasePool {
    private let store = InMemoryLeasePool()
    private let clock = SystemClock()

    func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        try await store.perform(verb, in: pool, now: clock.now(), seed: seed)
    }

    func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] { try await store.pools(after: after, limit: limit) }
}
