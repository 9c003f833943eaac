import Testing
import TokenCore

/// How many tokens there are, and how much one verb does.
@Suite struct PoolSizeTests {
    @Test func beyondTheMostNothingIsPutIn() {
        let pool = PoolWorld(PoolPolicy(mostTokens: 10), tokens: 8)
        #expect(pool.perform(.add(PoolWorld.new(8..<11))) == .full(room: 2))
        #expect(pool.statistics.total == 8)
        #expect(pool.perform(.add(PoolWorld.new(6..<10))) == .added(2))
        #expect(pool.perform(.add(PoolWorld.new(0..<10))) == .added(0), "they are all there")
        #expect(pool.perform(.add(PoolWorld.new(10..<11))) == .full(room: 0))
    }

    @Test func tokenNamedTwiceIsPutInOnce() {
        let pool = PoolWorld(PoolPolicy(mostTokens: 2))
        #expect(pool.perform(.add(PoolWorld.new(0..<2) + PoolWorld.new(0..<2))) == .added(2))
    }

    @Test func tokenThatIsThereKeepsItsLease() throws {
        let pool = PoolWorld(tokens: 1)
        let lease = try #require(pool.take())[0].lease
        #expect(pool.perform(.add(PoolWorld.new(0..<1)), at: .seconds(1)) == .added(0))
        #expect(pool.perform(.keepAlive(PoolWorld.id(0), lease: lease), at: .seconds(1)) == .alive(until: pool.start + .seconds(61)))
    }

    @Test func smallerPoolLosesFreeTokensAtOnceAndOthersWhenTheyBecomeFree() throws {
        let pool = PoolWorld(PoolPolicy(rest: .seconds(10)), tokens: 6)
        let held = try #require(pool.take(4))
        #expect(pool.perform(.shrink(to: 2, limit: 100)) == .shrunk(removed: 2, surplus: 2, more: false))
        pool.perform(.release(held[0].id, lease: held[0].lease))
        pool.perform(.settle, at: .milliseconds(9_999))
        #expect(pool.statistics.total == 4, "what rests is not free yet")
        pool.perform(.settle, at: .seconds(10))
        #expect(pool.statistics.total == 3)
        let reply = pool.reply(.settle, at: .seconds(60))
        #expect(pool.statistics.total == 2)
        #expect(reply.happened.count { $0.kind == .deleted } == 1)
        #expect(pool.statistics.free == 2)
    }

    @Test func shrinkingGoesPieceByPiece() {
        let pool = PoolWorld(tokens: 10)
        #expect(pool.perform(.shrink(to: 3, limit: 5)) == .shrunk(removed: 5, surplus: 2, more: true))
        #expect(pool.perform(.shrink(to: 3, limit: 5)) == .shrunk(removed: 2, surplus: 0, more: false))
        #expect(pool.statistics.total == 3)
    }

    @Test func largerSizeTakesBackWhatWasToLeave() throws {
        let pool = PoolWorld(PoolPolicy(rest: .zero), tokens: 4)
        let held = try #require(pool.take(4))
        #expect(pool.perform(.shrink(to: 1, limit: 100)) == .shrunk(removed: 0, surplus: 3, more: false))
        #expect(pool.perform(.shrink(to: 10, limit: 100)) == .shrunk(removed: 0, surplus: 0, more: false))
        for token in held { pool.perform(.release(token.id, lease: token.lease)) }
        #expect(pool.statistics.free == 4)
    }

    /// Deleting what was assigned is as good as its leaving: the rest of the pool stays as large as it was to be.
    @Test func deletedTokenCountsAsOneThatWasToLeave() throws {
        let pool = PoolWorld(PoolPolicy(rest: .zero), tokens: 5)
        let held = try #require(pool.take(5))
        #expect(pool.perform(.shrink(to: 2, limit: 100)) == .shrunk(removed: 0, surplus: 3, more: false))
        for token in held.prefix(3) { #expect(pool.perform(.delete(token.id, lease: token.lease)) == .done) }
        for token in held.suffix(2) { pool.perform(.release(token.id, lease: token.lease)) }
        #expect(pool.statistics.free == 2)
    }

    @Test func removalGoesPieceByPieceAndAssignsNothingMeanwhile() {
        let pool = PoolWorld(tokens: 25)
        #expect(pool.take(3) != nil)
        #expect(pool.perform(.remove(limit: 10)) == .more)
        #expect(pool.perform(.assign(PoolClaim(holder: "w"))) == .draining)
        #expect(pool.perform(.remove(limit: 10)) == .more)
        #expect(pool.perform(.remove(limit: 10)) == .done)
        #expect(pool.perform(.statistics) == .noPool)
        #expect(pool.perform(.remove(limit: 10)) == .noPool)
    }

    @Test func removalAtItsLimitGoesOnceMore() {
        let pool = PoolWorld(tokens: 10)
        #expect(pool.perform(.remove(limit: 10)) == .more)
        #expect(pool.perform(.remove(limit: 10)) == .done)
    }

    @Test func removalEndsEveryHoldAndEveryPlace() {
        let pool = PoolWorld(PoolPolicy(mostPerHolder: 3), tokens: 2)
        #expect(pool.take(2) != nil)
        #expect(pool.wait("a") != nil)
        let reply = pool.reply(.remove(limit: 10))
        #expect(reply.outcome == .done)
        #expect(reply.wakes)
        #expect(reply.happened.map(\.kind) == [.deleted, .deleted])
        #expect(pool.table.held(by: "worker") == 0)
    }

    @Test func poolIsMadeOnceAndKeepsItsOrder() {
        let pool = PoolWorld()
        #expect(pool.perform(.create(PoolPolicy())) == .done)
        #expect(pool.perform(.create(PoolPolicy(rest: .seconds(1)))) == .otherPolicy)
        #expect(pool.perform(.change(PoolPolicy(order: .random))) == .otherPolicy)
        #expect(pool.perform(.change(PoolPolicy(mostPerHolder: 1))) == .otherPolicy)
        #expect(pool.perform(.change(PoolPolicy(rest: .seconds(1)))) == .done)
        #expect(pool.statistics.policy.rest == .seconds(1))
    }

    @Test func verbSettlesSixtyFourAndNoMore() {
        let pool = PoolWorld(PoolPolicy(mostTokens: 1000), tokens: 200)
        for _ in 0..<2 { #expect(pool.take(100) != nil) }
        for expected in [64, 64, 64, 8, 0] {
            let reply = pool.reply(.settle, at: .seconds(60))
            #expect(reply.happened.count == expected)
            #expect(reply.happened.allSatisfy { $0.kind == .expired })
        }
        #expect(pool.statistics.free == 200)
    }

    /// With more due than one verb settles: what it names is judged as of now, and nothing past its end is given out.
    @Test func whatIsOverdueIsNeitherKeptAliveNorAssigned() throws {
        let policy = PoolPolicy(rest: .zero, keepAliveLimit: .seconds(60), mostTokens: 1000)
        let pool = PoolWorld(policy, tokens: 300)
        let reply = pool.reply(.keepAlive(PoolWorld.id(299), lease: nil), at: .seconds(60))
        #expect(reply.outcome == .noToken)
        #expect(reply.happened.count == 65)
        let taken = pool.reply(.assign(PoolClaim(holder: "w")), at: .seconds(60))
        #expect(taken.outcome == .noneFree(next: pool.start + .seconds(60)))
        #expect(taken.happened.count == 128, "64 that were due, and as many that were found on the way")
        pool.perform(.add(PoolWorld.new(300..<301)), at: .seconds(60))
        #expect(pool.take(at: .seconds(60))?.map(\.id) == [PoolWorld.id(300)])
    }

    @Test func overdueLeaseIsStaleAlsoBeforeItIsSettled() throws {
        let pool = PoolWorld(PoolPolicy(mostTokens: 1000), tokens: 100)
        let held = try #require(pool.take(100))
        let last = try #require(held.max { $0.id < $1.id })
        #expect(pool.perform(.release(last.id, lease: last.lease), at: .seconds(60)) == .staleLease)
        #expect(pool.perform(.release(PoolWorld.id(98), lease: nil), at: .seconds(60)) == .notAssigned)
    }

    @Test func placesInTheQueueAreGivenUpInBoundedNumbers() throws {
        let pool = PoolWorld(tokens: 1)
        #expect(pool.take() != nil)
        for holder in 0..<100 { #expect(pool.wait("\(holder)") != nil) }
        pool.perform(.settle, at: .seconds(5))
        #expect(pool.statistics.waiting == 36)
        pool.perform(.settle, at: .seconds(5))
        #expect(pool.statistics.waiting == 0)
    }
}
