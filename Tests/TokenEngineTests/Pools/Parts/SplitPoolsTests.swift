import SQLiteStore
import StoreConformance
import Synchronization
import TestSupport
import Testing
import TokenCore

@testable import TokenEngine

/// Pools of several parts: what is promised of them, on the stores at hand.
@Suite struct SplitPoolsTests {
    @Test(arguments: PoolConformance.checksOfParts)
    func conforms(check: PoolCheck) async throws {
        try await check.run { SplitPools(InMemoryLeasePool()) }
    }

    @Test(arguments: PoolConformance.checksOfParts)
    func conformsOverTheEmbeddedStore(check: PoolCheck) async throws {
        try await check.run { SplitPools(try SQLiteStore.open(SQLiteStore.Configuration(path: temporaryFolder(), synchronous: .off))) }
    }

    /// A pool of one part is as if there were none of this. The walks make pools of several, too.
    @Test(arguments: PoolConformance.checks.filter { !$0.name.hasPrefix("answers what the rules answer") })
    func aPoolOfOnePartIsUnchanged(check: PoolCheck) async throws {
        try await check.run { SplitPools(InMemoryLeasePool()) }
    }

    @Test func aPoolOfOnePartCostsNoVerbMore() async throws {
        let world = try await SplitWorld(parts: 1, tokens: 3)
        let before = world.inner.verbs
        let taken = try await world.take()
        _ = try await world.perform(.release(taken[0].id, lease: nil))
        _ = try await world.perform(.list(after: nil, limit: 10))
        #expect(world.inner.verbs == before + 3)
    }

    /// The pool is told of what became free while somebody waits, and not otherwise: it rings for all instances.
    @Test func thePoolIsToldWhatItsPartsGotBackWhileSomebodyWaits() async throws {
        let world = try await SplitWorld(tokens: 3)
        let held = [try await world.take(), try await world.take(), try await world.take()].map { $0[0] }
        guard case .waiting(let ticket) = try await world.ask(.wait, of: world.pools) else { return #expect(Bool(false)) }
        let told = Mutex<[PoolName]>([])
        world.inner.fail { pool, _ in
            told.withLock { $0.append(pool) }
            return .none
        }
        _ = try await world.perform(.keepAlive(held[0].id, lease: nil))
        #expect(told.withLock { $0.count } == 1)
        _ = try await world.perform(.release(held[0].id, lease: nil))
        #expect(told.withLock { $0.count } == 3 && told.withLock { $0.last } == .usual)
        _ = try await world.perform(.leaveQueue(ticket: ticket))
        _ = try await world.perform(.release(held[1].id, lease: nil))
        told.withLock { $0 = [] }
        _ = try await world.perform(.putBack(held[2].id, lease: held[2].lease))
        #expect(told.withLock { $0.count } == 1, "nobody waits any more")
        #expect(try await world.statistics().free == 3)
    }

    /// Two instances, waiters on both: who came first has the token first, wherever it came.
    @Test func waitersOfTwoInstancesAreServedInTheirOrder() async throws {
        let world = try await SplitWorld(tokens: 1)
        let instances = [world.pools, SplitPools(world.inner)]
        var held = try await world.take()
        var tickets: [UInt64] = []
        for number in 0..<12 {
            guard case .waiting(let ticket) = try await world.ask(.wait, of: instances[number % 2]) else { return #expect(Bool(false)) }
            tickets.append(ticket)
        }
        #expect(tickets == tickets.sorted())
        for (turn, ticket) in tickets.enumerated() {
            #expect(try await world.reply(.release(held[0].id, lease: held[0].lease)).wakes)
            for (later, place) in tickets.enumerated() where later > turn {
                #expect(try await world.ask(.wait(place), of: instances[later % 2]) == .waiting(ticket: place))
            }
            guard case .assigned(let taken) = try await world.ask(.wait(ticket), of: instances[turn % 2]) else {
                return #expect(Bool(false), "not served in turn \(turn)")
            }
            held = taken
        }
        #expect(try await world.statistics().waiting == 0)
    }

    /// Once somebody waits here, who comes and would wait too does not go before it, though a token is free by then.
    @Test func whoWaitsIsNotOvertakenByWhoWouldWaitToo() async throws {
        let world = try await SplitWorld(tokens: 1)
        let held = try await world.take()
        guard case .waiting(let first) = try await world.ask(.wait, of: world.pools) else { return #expect(Bool(false)) }
        _ = try await world.perform(.release(held[0].id, lease: nil))
        guard case .waiting(let second) = try await world.ask(.wait, of: world.pools) else { return #expect(Bool(false), "it overtook") }
        guard case .assigned(let taken) = try await world.ask(.wait(first), of: world.pools) else { return #expect(Bool(false)) }
        _ = try await world.perform(.release(taken[0].id, lease: nil))
        guard case .assigned = try await world.ask(.wait(second), of: world.pools) else { return #expect(Bool(false)) }
    }

    /// What the ids begin with says nothing of the part, so that the order of a list is not theirs.
    @Test func aListInPagesShowsEachTokenOnce() async throws {
        let world = try await SplitWorld(parts: 4, tokens: 0)
        let ids = try (0..<40 as Range<UInt8>).map {
            try #require(PooledTokenID([200 - $0 * 5] + [UInt8](repeating: 7, count: 13) + [$0 &* 53, $0]))
        }
        #expect(try await world.perform(.add(ids.map { NewToken(id: $0, sealed: [1]) })) == .added(40))
        #expect(Set(ids.map(world.parts.part)).count == 4)
        var listed: [PooledTokenID] = []
        while true {
            guard case .tokens(let page) = try await world.perform(.list(after: listed.last, limit: 3)) else { return #expect(Bool(false)) }
            if page.isEmpty { break }
            listed += page.map(\.id)
        }
        #expect(listed.count == 40 && Set(listed) == Set(ids))
    }

    @Test func aBatchComesFromOnePart() async throws {
        let world = try await SplitWorld(parts: 2, tokens: 8)
        let counts = (0..<8).map { world.parts.part(of: .spread($0, of: 8)) }
        #expect(counts == [0, 0, 0, 0, 1, 1, 1, 1])
        guard case .noneFree = try await world.perform(.assign(PoolClaim(holder: "w", count: 5))) else { return #expect(Bool(false)) }
        let batch = try await world.take(4)
        #expect(Set(batch.map { world.parts.part(of: $0.id) }).count == 1)
    }

    /// The lease of a token rises with each of its assignments.
    @Test func theLeaseOfATokenRises() async throws {
        let world = try await SplitWorld(tokens: 9)
        var last: [PooledTokenID: LeaseNumber] = [:]
        for seed in 0..<60 as Range<UInt64> {
            let token = try await world.take(seed: seed)[0]
            #expect(token.lease > last.updateValue(token.lease, forKey: token.id) ?? .none)
            _ = try await world.perform(.release(token.id, lease: token.lease))
        }
        #expect(last.count == 9, "chance never picked some parts")
    }

    /// One part does not answer: the others go on, and what is asked of all of them is known to be half done.
    @Test func aPartThatDoesNotAnswerStopsNobodyElse() async throws {
        let world = try await SplitWorld(parts: 3, tokens: 9)
        world.inner.fail { pool, _ in pool == PoolName.usual.part(1, of: 3) ? .before : .none }
        for seed in 0..<6 as Range<UInt64> { #expect(try await world.take(seed: seed).count == 1) }
        await #expect(throws: StoreError.unavailable("planted")) { try await world.perform(.assign(PoolClaim(holder: "w"))) }
        guard case .waiting(let ticket) = try await world.ask(.wait, of: world.pools) else { return #expect(Bool(false)) }
        let unknown = StoreError.outcomeUnknown("a part of the pool did not do it: planted")
        await #expect(throws: unknown) { try await world.perform(.settle) }
        await #expect(throws: unknown) { try await world.perform(.turn(.paused)) }
        world.inner.fail { _, _ in .none }
        #expect(try await world.perform(.turn(.open)) == .done)
        guard case .assigned = try await world.ask(.wait(ticket), of: world.pools) else { return #expect(Bool(false)) }
    }

    /// Of a claim whose turn it is the instance dies, or the place cannot be given up: it is over by itself.
    @Test func aPlaceThatCouldNotBeGivenUpEndsByItself() async throws {
        let world = try await SplitWorld(tokens: 2)
        let held = try await world.take(), other = try await world.take(seed: 1)
        guard case .waiting(let ticket) = try await world.ask(.wait, of: world.pools) else { return #expect(Bool(false)) }
        _ = try await world.perform(.release(held[0].id, lease: nil))
        world.inner.fail { _, verb in if case .leaveQueue = verb { .before } else { .none } }
        guard case .assigned = try await world.ask(.wait(ticket), of: world.pools) else { return #expect(Bool(false)) }
        #expect(try await world.statistics().waiting == 1)
        _ = try await world.perform(.release(other[0].id, lease: nil))
        world.advance(by: .milliseconds(4_999))
        guard case .waiting(let next) = try await world.ask(.wait, of: world.pools) else { return #expect(Bool(false)) }
        world.advance(by: .milliseconds(1))
        guard case .assigned = try await world.ask(.wait(next), of: world.pools) else { return #expect(Bool(false)) }
    }
}
