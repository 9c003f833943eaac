import Testing
import TokenCore

/// Which token comes next, who is served next, and whether anybody is.
@Suite struct PoolOrderTests {
    private func policy(_ order: PoolPolicy.Order) -> PoolPolicy { PoolPolicy(order: order, rest: .zero) }

    /// Tokens 0 and 1 go out, 1 comes back before 0: `fifo` takes it first, `least_recently_used` last of the two.
    @Test func orderIsThatOfBecomingFreeOrOfTheLastAssignment() throws {
        for (order, wanted) in [(PoolPolicy.Order.fifo, [2, 1, 0]), (.leastRecentlyUsed, [2, 0, 1])] {
            let pool = PoolWorld(policy(order), tokens: 3)
            #expect(try #require(pool.take(2)).map(\.id) == [PoolWorld.id(0), PoolWorld.id(1)])
            pool.perform(.release(PoolWorld.id(1), lease: nil), at: .seconds(1))
            pool.perform(.release(PoolWorld.id(0), lease: nil), at: .seconds(2))
            let next = try #require(pool.take(3, at: .seconds(3)))
            #expect(next.map(\.id) == wanted.map(PoolWorld.id), "\(order)")
        }
    }

    /// Three went out; those whose values nobody saw are before the one that stayed, in the order that they had.
    @Test func whatNobodySawIsWhereItWas() throws {
        let pool = PoolWorld(policy(.fifo), tokens: 4)
        let taken = try #require(pool.take(3))
        for token in [taken[1], taken[0]] { pool.perform(.putBack(token.id, lease: token.lease), at: .seconds(1)) }
        pool.perform(.release(taken[2].id, lease: nil), at: .seconds(2))
        #expect(try #require(pool.take(4, at: .seconds(3))).map(\.id) == [0, 1, 3, 2].map(PoolWorld.id))
    }

    /// There is nothing to be before, again and again.
    @Test func whatNobodySawOfThePoolsOnlyTokenIsFree() throws {
        let pool = PoolWorld(policy(.fifo), tokens: 1)
        for _ in 0..<5 {
            let unseen = try #require(pool.take())[0]
            pool.perform(.putBack(unseen.id, lease: unseen.lease))
        }
        #expect(pool.take()?.count == 1)
    }

    @Test func whatLapsesAtOnceIsFreeInTheOrderOfTheMoments() throws {
        let pool = PoolWorld(policy(.fifo), tokens: 2)
        #expect(pool.take(2) != nil)
        pool.perform(.keepAlive(PoolWorld.id(0), lease: nil), at: .seconds(1))
        #expect(try #require(pool.take(2, at: .seconds(61))).map(\.id) == [PoolWorld.id(1), PoolWorld.id(0)])
    }

    @Test func randomPicksEveryTokenAndTheSeedRepeatsIt() throws {
        var counts: [PooledTokenID: Int] = [:]
        let pool = PoolWorld(policy(.random), tokens: 8)
        for seed in 0..<400 as Range<UInt64> {
            let taken = try #require(pool.take(seed: seed &* 0x1234_5678_9abc_def1))[0]
            counts[taken.id, default: 0] += 1
            pool.perform(.release(taken.id, lease: taken.lease), seed: seed)
        }
        #expect(counts.count == 8)
        #expect(counts.values.allSatisfy { (20...100).contains($0) }, "\(counts)")
        let (one, other) = (PoolWorld(policy(.random), tokens: 8), PoolWorld(policy(.random), tokens: 8))
        #expect(one.take(8, seed: 7)?.map(\.id) == other.take(8, seed: 7)?.map(\.id))
    }

    @Test func randomBatchTakesEachTokenOnce() throws {
        for seed in 0..<50 as Range<UInt64> {
            let pool = PoolWorld(policy(.random), tokens: 10)
            #expect(Set(try #require(pool.take(10, seed: seed)).map(\.id)).count == 10)
        }
    }

    @Test func batchIsAllOrNothing() {
        let pool = PoolWorld(policy(.fifo), tokens: 5)
        let before = pool.table.tokens(after: nil, limit: 10)
        #expect(pool.perform(.assign(PoolClaim(holder: "w", count: 6))) == .noneFree(next: nil))
        #expect(pool.table.tokens(after: nil, limit: 10) == before)
        #expect(pool.take(5)?.count == 5)
        #expect(pool.perform(.assign(PoolClaim(holder: "w", count: 1))) == .noneFree(next: pool.start + .seconds(60)))
    }

    @Test func queueIsServedInItsOrder() throws {
        let pool = PoolWorld(policy(.fifo), tokens: 1)
        var held = try #require(pool.take())[0]
        let (a, b) = (try #require(pool.wait("a")), try #require(pool.wait("b")))
        #expect(pool.reply(.release(held.id, lease: held.lease)).wakes)
        #expect(pool.wait("b", ticket: b) == b, "b is not first")
        #expect(pool.take(by: "c") == nil, "c does not wait and comes before nobody")
        let c = try #require(pool.wait("c"))
        #expect(b < c)
        for (holder, ticket) in [("a", a), ("b", b), ("c", c)] {
            let outcome = pool.perform(.assign(PoolClaim(holder: holder, waits: true, ticket: ticket)))
            guard case .assigned(let taken) = outcome else { throw Unexpected(outcome) }
            held = taken[0]
            pool.perform(.release(held.id, lease: held.lease))
        }
        #expect(pool.statistics.waiting == 0)
        #expect(pool.take() != nil)
    }

    /// A thousand waiters and one token.
    @Test func nobodyInALongQueueStarves() throws {
        let pool = PoolWorld(policy(.fifo), tokens: 1)
        var held = try #require(pool.take())[0]
        let tickets = try (0..<1000).map { try #require(pool.wait("\($0)")) }
        for (holder, ticket) in tickets.enumerated() {
            pool.perform(.release(held.id, lease: held.lease))
            let outcome = pool.perform(.assign(PoolClaim(holder: "\(holder)", waits: true, ticket: ticket)))
            guard case .assigned(let taken) = outcome else { throw Unexpected(outcome) }
            held = taken[0]
        }
    }

    @Test func placeIsKeptForFiveSecondsAfterEachSign() throws {
        for (time, isKept) in [(4_999, true), (5_000, false), (5_001, false)] {
            let pool = PoolWorld(policy(.fifo), tokens: 1)
            #expect(pool.take() != nil)
            let (a, b) = (try #require(pool.wait("a")), try #require(pool.wait("b", at: .seconds(3))))
            pool.perform(.release(PoolWorld.id(0), lease: nil), at: .seconds(3))
            let served = pool.wait("b", ticket: b, at: .milliseconds(time)) == nil
            #expect(served == !isKept, "after \(time) ms")
            #expect((pool.table.ticket(a) != nil) == isKept)
        }
        let pool = PoolWorld(policy(.fifo), tokens: 1)
        #expect(pool.take() != nil)
        let a = try #require(pool.wait("a"))
        pool.perform(.keepWaiting(tickets: [a, 99]), at: .milliseconds(4_999))
        pool.perform(.settle, at: .milliseconds(9_998))
        #expect(pool.statistics.waiting == 1)
        pool.perform(.settle, at: .milliseconds(9_999))
        #expect(pool.statistics.waiting == 0)
        pool.perform(.keepWaiting(tickets: [a]), at: .milliseconds(9_999))
        #expect(pool.statistics.waiting == 0, "a place that was lost came back")
    }

    @Test func whoLostItsPlaceGoesToTheEnd() throws {
        let pool = PoolWorld(policy(.fifo), tokens: 1)
        #expect(pool.take() != nil)
        let a = try #require(pool.wait("a"))
        let b = try #require(pool.wait("b", at: .seconds(4)))
        let again = try #require(pool.wait("a", ticket: a, at: .seconds(5)))
        #expect(again > b)
    }

    @Test func whoLeavesHoldsUpNobody() throws {
        let pool = PoolWorld(policy(.fifo), tokens: 1)
        #expect(pool.take() != nil)
        let (a, b) = (try #require(pool.wait("a")), try #require(pool.wait("b")))
        pool.perform(.release(PoolWorld.id(0), lease: nil))
        let reply = pool.reply(.leaveQueue(ticket: a))
        #expect(reply.wakes)
        #expect(pool.wait("b", ticket: b) == nil)
        #expect(pool.statistics.assigned == 1)
    }

    @Test func claimForManyAtTheHeadIsNotOvertaken() throws {
        let pool = PoolWorld(policy(.fifo), tokens: 2)
        let held = try #require(pool.take())[0]
        let many = try #require(pool.wait("many", count: 2))
        #expect(pool.wait("few") != nil, "one is free, and it is not few's turn")
        pool.perform(.release(held.id, lease: held.lease))
        #expect(pool.wait("many", count: 2, ticket: many) == nil)
        #expect(pool.statistics.assigned == 2)
    }

    @Test func queueHasAnEnd() throws {
        let table = MemoryPoolTable()
        var header = PoolHeader(policy: PoolPolicy())
        header.statistics.waiting = PoolMachine<MemoryPoolTable>.mostWaiting - 1
        table.setHeader(header)
        let now = UnixTime(seconds: 1_790_000_000)
        let claim = PoolVerb.assign(PoolClaim(holder: "w", waits: true))
        #expect(PoolMachine.perform(claim, on: table, now: now, seed: 1).outcome == .waiting(ticket: 1))
        #expect(PoolMachine.perform(claim, on: table, now: now, seed: 1).outcome == .queueFull)
    }

    @Test func limitOfAHolderSendsAWaiterAway() throws {
        let pool = PoolWorld(PoolPolicy(mostPerHolder: 1), tokens: 2)
        #expect(pool.take(by: "ann") != nil)
        #expect(pool.perform(.assign(PoolClaim(holder: "ann", waits: true))) == .holderLimit)
        #expect(pool.statistics.waiting == 0)
    }

    @Test func pausedPoolLetsWaitAndADrainingOneSendsAway() throws {
        let pool = PoolWorld(policy(.fifo), tokens: 2)
        let held = try #require(pool.take())[0]
        #expect(pool.perform(.turn(.paused)) == .done)
        #expect(pool.perform(.assign(PoolClaim(holder: "w"))) == .noneFree(next: pool.start + .seconds(60)))
        let ticket = try #require(pool.wait("a"))
        #expect(!pool.reply(.keepWaiting(tickets: [ticket])).wakes, "there is nothing to be had")
        #expect(pool.reply(.turn(.open)).wakes)
        let reply = pool.reply(.turn(.draining))
        #expect(reply.wakes)
        #expect(pool.perform(.assign(PoolClaim(holder: "a", waits: true, ticket: ticket))) == .draining)
        #expect(pool.statistics.waiting == 0)
        #expect(pool.perform(.keepAlive(held.id, lease: held.lease)) == .alive(until: pool.start + .seconds(60)))
        #expect(pool.perform(.turn(.open)) == .done)
        #expect(pool.take() != nil)
    }
}

/// An answer that a test cannot go on with.
struct Unexpected: Error {
    let outcome: PoolOutcome
    init(_ outcome: PoolOutcome) { self.outcome = outcome }
}
