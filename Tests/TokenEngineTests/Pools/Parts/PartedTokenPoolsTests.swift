import Testing
import TokenCore

@testable import TokenEngine

/// The engine over a pool of parts: values, waiters, keepers and figures.
@Suite struct PartedTokenPoolsTests {
    private let name = PoolName("parted") ?? .usual
    private let policy = PoolPolicy(rest: .zero, parts: 4)

    private func make(_ count: Int) async throws -> (PoolHarness, [Secret]) {
        let pool = try await PoolHarness()
        #expect(try await pool.pools.create(name, policy))
        #expect(try await !pool.pools.create(name, policy))
        return (pool, try await pool.pools.generate(count, in: name))
    }

    private func queue(_ pools: TokenPools) async throws -> PoolPlace {
        guard case .waiting(let place) = try await pools.claim(PoolClaim(holder: "", waits: true), in: name) else {
            throw OAuthError(.serverError, "a claim that waits had a token at once")
        }
        return place
    }

    @Test func aPoolOfPartsServesLikeAnother() async throws {
        let (pool, values) = try await make(20)
        let taken = try await (0..<20).asyncMap { _ in try await pool.take(name) }
        #expect(Set(taken.map(\.value.bytes)) == Set(values.map(\.bytes)))
        await #expect(throws: OAuthError.self) { try await pool.take(name) }
        for token in taken { #expect(try await pool.pools.release(token.value, lease: token.lease, in: name) == .zero) }
        let statistics = try await pool.pools.statistics(of: name)
        #expect(statistics.free == 20 && statistics.policy == policy)
        #expect(try await pool.pools.tokens(of: name, after: nil, limit: 100).count == 20)
        #expect(try await pool.pools.names(after: nil, limit: 10) == [.usual, name])
        #expect(await pool.pools.figures().map(\.pool) == [.usual, name])
        #expect(try await pool.pools.resize(name, to: 5).removed == 15)
        try await pool.pools.remove(name)
        #expect(try await pool.pools.names(after: nil, limit: 10) == [.usual])
    }

    @Test func whoWaitsIsServedInItsOrderWhereverTheTokenIs() async throws {
        let (pool, _) = try await make(1)
        let held = try await pool.take(name)
        var places: [PoolPlace] = []
        for _ in 0..<30 { places.append(try await queue(pool.pools)) }
        let served = Served()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, place) in places.enumerated() {
                group.addTask {
                    let token = try await pool.pools.wait(at: place, atMost: .seconds(60))[0]
                    served.append(number)
                    _ = try await pool.pools.release(token.value, lease: token.lease, in: name)
                }
            }
            _ = try await pool.pools.release(held.value, lease: held.lease, in: name)
            try await group.waitForAll()
        }
        #expect(served.all == Array(0..<30))
        #expect(try await pool.pools.statistics(of: name).waiting == 0)
    }

    /// Nobody calls: the keeper finds what is due in the parts, and whoever waits has it.
    @Test func whatLapsesInAPartIsHadByWhoeverWaits() async throws {
        let (pool, _) = try await make(1)
        let held = try await pool.take(name)
        let place = try await queue(pool.pools)
        async let waited = pool.pools.wait(at: place, atMost: .seconds(60))
        for _ in 0..<15 {
            pool.clock.advance(by: .seconds(4))
            try await pool.pools.keepPlaces()
            try await pool.pools.settleWhatIsDue()
        }
        #expect(try await waited[0].lease > held.lease)
    }

    /// What rests becomes free without anybody being told; the keeper comes at its moment.
    @Test func whatHasRestedIsHadByWhoeverWaits() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.create(name, PoolPolicy(rest: .seconds(3), parts: 4))
        _ = try await pool.pools.generate(1, in: name)
        let held = try await pool.take(name)
        let place = try await queue(pool.pools)
        async let waited = pool.pools.wait(at: place, atMost: .seconds(60))
        _ = try await pool.pools.release(held.value, lease: held.lease, in: name)
        pool.clock.advance(by: .seconds(3))
        try await pool.pools.settleWhatIsDue()
        #expect(try await waited.count == 1)
    }

    /// An instance that finds the pool by looking settles its parts too.
    @Test func anInstanceThatWasNeverCalledSettlesTheParts() async throws {
        let (pool, _) = try await make(8)
        for _ in 0..<8 { _ = try await pool.take(name) }
        let other = try await pool.another()
        pool.clock.advance(by: .seconds(60))
        try await other.settleWhatIsDue()
        #expect(await other.figures().last?.counts.events[.expired] == 8)
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
