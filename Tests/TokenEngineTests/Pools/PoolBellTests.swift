import Synchronization
import Testing
import TokenCore

@testable import TokenEngine

/// What an instance does when another says that something is to be had.
struct PoolBellTests {
    @Test func aBellHasTheFirstOfTheQueueServedWhereverItWaits() async throws {
        let (pool, other, place, ticket) = try await oneWaitsElsewhere()
        async let waited = other.wait(at: place, atMost: .seconds(60))
        other.hear(PoolBell(.usual, first: ticket))
        #expect(try await waited.count == 1)
        #expect(try await pool.pools.statistics(of: .usual).waiting == 0)
    }

    @Test func aBellForEverybodyIsOneForTheFirstToo() async throws {
        let (_, other, place, _) = try await oneWaitsElsewhere()
        async let waited = other.wait(at: place, atMost: .seconds(60))
        other.hear(PoolBell(.usual, first: nil))
        #expect(try await waited.count == 1)
    }

    /// Of all instances one asks: the one where the first waits.
    @Test func aBellForSomebodyElseAsksNothing() async throws {
        let (pool, other, place, ticket) = try await oneWaitsElsewhere()
        let verbs = pool.store.verbs
        other.hear(PoolBell(.usual, first: ticket + 1))
        other.hear(PoolBell(try #require(PoolName("unknown")), first: ticket))
        pool.pools.hear(PoolBell(.usual, first: ticket))
        try await Task.sleep(for: .milliseconds(30))
        #expect(pool.store.verbs == verbs)
        withExtendedLifetime(place) {}
    }

    /// The store has given the place, its answer is still on its way, and the bell is faster.
    @Test func aBellThatOvertakesTheAnswerToAClaimIsNotLost() async throws {
        let pool = try await PoolHarness()
        let other = try await pool.another()
        _ = try await pool.pools.generate(1, in: .usual)
        let held = try await pool.take()
        let (taken, isTaken) = AsyncStream.makeStream(of: Void.self)
        let (rung, hasRung) = AsyncStream.makeStream(of: Void.self)
        pool.store.hold { verb in
            guard case .assign(let claim) = verb, claim.ticket == nil else { return }
            isTaken.finish()
            for await _ in rung {}
        }
        async let waited = other.wait(at: pool.queue(in: other), atMost: .seconds(60))
        for await _ in taken {}
        _ = try await pool.pools.release(held.value, lease: held.lease, in: .usual)
        other.hear(PoolBell(.usual, first: 1))
        pool.store.hold(nil)
        hasRung.finish()
        #expect(try await waited.count == 1)
    }

    /// The service that hears them, over a store that rings.
    @Test func theBellsOfTheStoreAreHeard() async throws {
        let (pool, other, place, ticket) = try await oneWaitsElsewhere()
        let service = Task { try await PoolBells(pools: other).run() }
        defer { service.cancel() }
        async let waited = other.wait(at: place, atMost: .seconds(60))
        try await PoolHarness.until { pool.store.listeners > 0 }
        pool.store.ring(PoolBell(.usual, first: ticket))
        #expect(try await waited.count == 1)
    }

    /// Somebody waits on another instance, and a token is free that it does not know of.
    private func oneWaitsElsewhere() async throws -> (pool: PoolHarness, other: TokenPools, place: PoolPlace, ticket: UInt64) {
        let pool = try await PoolHarness()
        let other = try await pool.another()
        _ = try await pool.pools.generate(1, in: .usual)
        let held = try await pool.take()
        let place = try await pool.queue(in: other)
        _ = try await pool.pools.release(held.value, lease: held.lease, in: .usual)
        let ticket = try #require(place.desk.withLine { $0.members.first?.ticket })
        return (pool, other, place, ticket)
    }
}
