import Synchronization
import Testing
import TokenCore

@testable import TokenEngine

/// Who was served, in the order of it.
final class Served: Sendable {
    private let numbers = Mutex<[Int]>([])

    func append(_ number: Int) { numbers.withLock { $0.append(number) } }
    var all: [Int] { numbers.withLock { $0 } }
}

/// The fair queue: in order, nobody starves, nothing is lost.
struct PoolQueueTests {
    @Test func aThousandWaitersOnOneTokenAreServedInTheirOrder() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(1, in: .usual)
        let first = try await pool.take()
        var places: [PoolPlace] = []
        for _ in 0..<1_000 { places.append(try await pool.queue()) }
        let served = Served()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, place) in places.enumerated() {
                group.addTask {
                    let token = try await pool.pools.wait(at: place, atMost: .seconds(120))[0]
                    served.append(number)
                    _ = try await pool.pools.release(token.value, lease: token.lease, in: .usual)
                }
            }
            _ = try await pool.pools.release(first.value, lease: first.lease, in: .usual)
            try await group.waitForAll()
        }
        #expect(served.all == Array(0..<1_000))
        let after = try await pool.pools.statistics(of: .usual)
        #expect(after.free == 1 && after.waiting == 0 && after.total == 1)
    }

    /// Whoever comes while others wait does not go before them.
    @Test func nobodyGoesBeforeThoseWhoWait() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(1, in: .usual)
        let held = try await pool.take()
        let place = try await pool.queue(2)
        _ = try await pool.pools.release(held.value, lease: held.lease, in: .usual)
        await #expect(throws: OAuthError.self) { _ = try await pool.take() }
        await #expect(throws: OAuthError.self) { try await pool.pools.wait(at: place, atMost: .milliseconds(1)) }
        _ = try await pool.take()
    }

    /// One wants two and one is free: it is not asked for again and again.
    @Test func aClaimForMoreThanIsFreeWaitsQuietly() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(2, in: .usual)
        let held = [try await pool.take(), try await pool.take()]
        let place = try await pool.queue(2)
        async let waited = pool.pools.wait(at: place, atMost: .seconds(60))
        _ = try await pool.pools.release(held[0].value, lease: nil, in: .usual)
        let before = pool.store.verbs
        try await Task.sleep(for: .milliseconds(50))
        #expect(pool.store.verbs - before < 5)
        _ = try await pool.pools.release(held[1].value, lease: nil, in: .usual)
        #expect(try await waited.count == 2)
    }

    @Test func aWaitThatTookTooLongLeavesTheQueue() async throws {
        let pool = try await PoolHarness()
        let place = try await pool.queue()
        await #expect(throws: OAuthError.self) { try await pool.pools.wait(at: place, atMost: .milliseconds(10)) }
        #expect(try await pool.pools.statistics(of: .usual).waiting == 0)
    }

    @Test func aCancelledWaitLeavesTheQueueAndTheNextIsServed() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(1, in: .usual)
        let held = try await pool.take()
        let (gone, next) = (try await pool.queue(), try await pool.queue())
        let task = Task { try await pool.pools.wait(at: gone, atMost: .seconds(60)) }
        async let waited = pool.pools.wait(at: next, atMost: .seconds(60))
        task.cancel()
        await #expect(throws: OAuthError.self) { try await task.value }
        _ = try await pool.pools.release(held.value, lease: held.lease, in: .usual)
        #expect(try await waited.count == 1)
    }

    /// The store has assigned the token, its answer is still on its way, and the waiter goes: the token does not rest, since nobody has seen it.
    @Test func aTokenForSomebodyWhoHasGoneIsFreeAtOnce() async throws {
        let pool = try await PoolHarness(PoolPolicy(rest: .seconds(120)))
        _ = try await pool.pools.generate(1, in: .usual)
        _ = try await pool.take()
        let place = try await pool.queue()
        let task = Task { try await pool.pools.wait(at: place, atMost: .seconds(60)) }
        let (assigned, isAssigned) = AsyncStream.makeStream(of: Void.self)
        let (left, hasLeft) = AsyncStream.makeStream(of: Void.self)
        pool.store.hold { verb in
            guard case .assign(let claim) = verb, claim.ticket != nil else { return }
            isAssigned.finish()
            for await _ in left {}
        }
        _ = try await pool.pools.generate(1, in: .usual)
        for await _ in assigned {}
        task.cancel()
        await #expect(throws: OAuthError.self) { try await task.value }
        pool.store.hold(nil)
        hasLeft.finish()
        try await PoolHarness.until { try await pool.pools.statistics(of: .usual).free == 1 }
        #expect(try await pool.pools.statistics(of: .usual).waiting == 0)
    }

    /// What another instance gives back is found by looking, and one that another instance waits for is not taken.
    @Test func twoInstancesShareOneQueue() async throws {
        let pool = try await PoolHarness()
        let other = try await pool.another()
        _ = try await pool.pools.generate(1, in: .usual)
        let held = try await pool.take()
        let (first, second) = (try await pool.queue(), try await pool.queue(in: other))
        async let one = pool.pools.wait(at: first, atMost: .seconds(60))
        async let two = other.wait(at: second, atMost: .seconds(60))
        _ = try await other.release(held.value, lease: held.lease, in: .usual)
        try await other.keepPlaces()
        #expect(try await pool.pools.statistics(of: .usual).free == 1, "it is the first one's turn")
        try await pool.pools.keepPlaces()
        let token = try await one[0]
        _ = try await pool.pools.release(token.value, lease: token.lease, in: .usual)
        try await other.keepPlaces()
        #expect(try await two.count == 1)
    }

    /// A place is kept for as long as its waiter's instance lives, and five seconds longer.
    @Test func placesAreKept() async throws {
        let pool = try await PoolHarness()
        let other = try await pool.another()
        _ = try await pool.pools.generate(1, in: .usual)
        let held = try await pool.take()
        let dead = try await pool.queue(), alive = try await pool.queue(in: other)
        async let waited = other.wait(at: alive, atMost: .seconds(60))
        for _ in 0..<3 {
            pool.clock.advance(by: .seconds(2))
            try await other.keepPlaces()
        }
        // Nobody keeps the first place: its instance is dead. The second is first now.
        _ = try await other.release(held.value, lease: held.lease, in: .usual)
        #expect(try await waited.count == 1)
        withExtendedLifetime(dead) {}
    }

    /// All places were lost while the instance stood still: its waiters go to the end, in their order, and are served.
    @Test func lostPlacesAreTakenAgain() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(1, in: .usual)
        let held = try await pool.take()
        let places = [try await pool.queue(), try await pool.queue(), try await pool.queue()]
        let served = Served()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, place) in places.enumerated() {
                group.addTask {
                    let token = try await pool.pools.wait(at: place, atMost: .seconds(60))[0]
                    served.append(number)
                    _ = try await pool.pools.release(token.value, lease: token.lease, in: .usual)
                }
            }
            pool.clock.advance(by: .seconds(6))
            _ = try await pool.pools.keepAlive(held.value, lease: nil, in: .usual)
            #expect(try await pool.pools.statistics(of: .usual).waiting == 0)
            _ = try await pool.pools.release(held.value, lease: nil, in: .usual)
            try await pool.pools.keepPlaces()
            try await group.waitForAll()
        }
        #expect(served.all == [0, 1, 2])
    }

    /// A token lapses, and nobody calls: whoever settles what is due awakens those who wait.
    @Test func whatLapsesIsHadByWhoeverWaits() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(1, in: .usual)
        let held = try await pool.take()
        let place = try await pool.queue()
        async let waited = pool.pools.wait(at: place, atMost: .seconds(60))
        for _ in 0..<15 {
            pool.clock.advance(by: .seconds(4))
            try await pool.pools.settleWhatIsDue()
            try await pool.pools.keepPlaces()
        }
        #expect(try await waited[0].lease > held.lease)
    }

    @Test func drainingSendsThoseWhoWaitAway() async throws {
        let pool = try await PoolHarness()
        let places = [try await pool.queue(), try await pool.queue()]
        let waits = places.map { place in Task { try await pool.pools.wait(at: place, atMost: .seconds(60)) } }
        _ = try await pool.pools.turn(.usual, .draining)
        await #expect(throws: OAuthError(.poolDraining, "The pool is being drained: it assigns nothing any more.")) { _ = try await waits[0].value }
        await #expect(throws: OAuthError.self) { _ = try await waits[1].value }
    }

    /// The store fails for a while: who waits goes on waiting.
    @Test func aFailureOfTheStoreEndsNoWait() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(1, in: .usual)
        let held = try await pool.take()
        let place = try await pool.queue()
        async let waited = pool.pools.wait(at: place, atMost: .seconds(60))
        pool.store.fail { verb in if case .assign = verb { .before } else { .none } }
        _ = try await pool.pools.release(held.value, lease: held.lease, in: .usual)
        try await Task.sleep(for: .milliseconds(20))
        pool.store.fail { _ in .none }
        try await pool.pools.keepPlaces()
        #expect(try await waited.count == 1)
    }
}

struct PoolKeeperTests {
    /// Nobody calls the pool; the keeper finds what is due at its moment, not before, and asks nothing while nothing is.
    @Test func idlePoolsAreSettledWhenSomethingIsDue() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(200, in: .usual)
        for _ in 0..<200 { _ = try await pool.take() }
        let before = pool.store.verbs
        pool.clock.advance(by: .milliseconds(59_999))
        try await pool.pools.settleWhatIsDue()
        #expect(pool.store.verbs == before)
        pool.clock.advance(by: .milliseconds(1))
        try await pool.pools.settleWhatIsDue()
        #expect(pool.store.verbs - before == 4, "64 tokens a verb")
        #expect(pool.pools.desk(of: .usual).counts.events[.expired] == 200)
        try await pool.pools.settleWhatIsDue()
        #expect(pool.store.verbs - before <= 5)
    }

    /// After a restart, or of a pool that another instance made.
    @Test func poolsThatNobodyCalledAreFound() async throws {
        let pool = try await PoolHarness()
        let name = try #require(PoolName("ci"))
        _ = try await pool.pools.create(name, PoolPolicy())
        _ = try await pool.pools.generate(1, in: name)
        _ = try await pool.take(name)
        let other = try await pool.another()
        pool.clock.advance(by: .seconds(61))
        try await other.settleWhatIsDue()
        #expect(other.desk(of: name).counts.events[.expired] == 1)
    }

    @Test func figuresAreOfABoundedNumberOfPoolsTheUsualOneFirst() async throws {
        let pool = try await PoolHarness()
        for number in 0..<(PoolFigures.mostPools + 5) { _ = try await pool.pools.create(try #require(PoolName("a\(number)")), PoolPolicy()) }
        let figures = await pool.pools.figures()
        #expect(figures.count == PoolFigures.mostPools && figures.first?.pool == .usual)
    }
}
