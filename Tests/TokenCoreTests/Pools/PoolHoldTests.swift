import Testing
import TokenCore

/// Who may say what of a token, and how often it is given out.
@Suite struct PoolHoldTests {
    private let id = PoolWorld.id(0)

    @Test func lateWorkerCannotTouchTheNextHolder() throws {
        let pool = PoolWorld(tokens: 1)
        let late = try #require(pool.take(by: "late"))[0].lease
        let current = try #require(pool.take(by: "next", at: .seconds(60)))[0].lease
        let before = pool.table.tokens(after: nil, limit: 10)
        let verbs: [PoolVerb] = [
            .keepAlive(id, lease: late), .release(id, lease: late), .delete(id, lease: late),
            .report(id, lease: late, failed: true, rest: .seconds(1)), .report(id, lease: late, failed: false, rest: .zero),
        ]
        for verb in verbs {
            let reply = pool.reply(verb, at: .seconds(61))
            #expect(reply.outcome == .staleLease)
            #expect(reply.happened.isEmpty)
            #expect(pool.table.tokens(after: nil, limit: 10) == before)
        }
        #expect(pool.perform(.keepAlive(id, lease: current), at: .seconds(61)) == .alive(until: pool.start + .seconds(121)))
    }

    @Test func whatIsNotAssignedIsNotGivenBack() throws {
        let pool = PoolWorld(tokens: 1)
        let free = pool.token(0)
        #expect(pool.perform(.release(id, lease: nil)) == .notAssigned)
        #expect(pool.token(0) == free)
        let lease = try #require(pool.take())[0].lease
        pool.perform(.release(id, lease: nil))
        let resting = pool.token(0)
        #expect(pool.perform(.release(id, lease: nil)) == .notAssigned)
        #expect(pool.perform(.release(id, lease: lease)) == .staleLease)
        #expect(pool.token(0) == resting)
        #expect(pool.perform(.release(PoolWorld.id(9), lease: nil)) == .noToken)
    }

    @Test func whatNobodySawDoesNotRestAndCountsForNothing() throws {
        let rate = PoolPolicy.Rate(count: 1, span: .seconds(1000))
        let pool = PoolWorld(PoolPolicy(mostPerHolder: 1, failuresToQuarantine: 2, rate: rate), tokens: 2)
        for time in 0..<3 {
            let unseen = try #require(pool.take(by: "ann", at: .seconds(time)))[0]
            #expect(unseen.id == id, "it is where it was")
            let reply = pool.reply(.putBack(id, lease: unseen.lease), at: .seconds(time + 1))
            #expect(reply.outcome == .done)
            #expect(reply.happened.map(\.kind) == [.released] && reply.happened[0].held == .seconds(1))
        }
        let seen = try #require(pool.take(by: "ann", at: .seconds(4)))[0]
        #expect(pool.perform(.putBack(id, lease: LeaseNumber(seen.lease.value - 1)), at: .seconds(4)) == .staleLease)
        #expect(pool.perform(.release(id, lease: seen.lease), at: .seconds(5)) == .resting(until: pool.start + .seconds(1004)))
        #expect(pool.perform(.putBack(id, lease: seen.lease), at: .seconds(6)) == .staleLease, "it rests")
        #expect(pool.perform(.putBack(PoolWorld.id(9), lease: seen.lease), at: .seconds(6)) == .noToken)
    }

    /// Failures are those of the tokens' users, and there was none.
    @Test func whatNobodySawKeepsItsFailures() throws {
        let pool = PoolWorld(PoolPolicy(rest: .zero, failuresToQuarantine: 2), tokens: 1)
        let first = try #require(pool.take())[0]
        pool.perform(.report(id, lease: first.lease, failed: true, rest: .zero))
        let unseen = try #require(pool.take())[0]
        #expect(pool.perform(.putBack(id, lease: unseen.lease)) == .done)
        let last = try #require(pool.take())[0]
        #expect(pool.perform(.report(id, lease: last.lease, failed: true, rest: .zero)) == .quarantined)
    }

    @Test func whatNobodySawLeavesAPoolThatHasTooMany() throws {
        let pool = PoolWorld(tokens: 1)
        let unseen = try #require(pool.take())[0]
        pool.perform(.shrink(to: 0, limit: 10))
        #expect(pool.reply(.putBack(id, lease: unseen.lease)).happened.map(\.kind) == [.released, .deleted])
        #expect(pool.token(0) == nil)
    }

    @Test func holderHasNoMoreThanItsLimitUntilItGivesBackOrLoses() throws {
        let pool = PoolWorld(PoolPolicy(mostPerHolder: 2), tokens: 5)
        let held = try #require(pool.take(2, by: "ann"))
        #expect(pool.perform(.assign(PoolClaim(holder: "ann"))) == .holderLimit)
        #expect(pool.perform(.assign(PoolClaim(holder: "bob", count: 3))) == .holderLimit)
        #expect(pool.take(2, by: "bob") != nil)
        pool.perform(.release(held[0].id, lease: held[0].lease), at: .seconds(1))
        #expect(pool.take(by: "ann", at: .seconds(1)) != nil)
        #expect(pool.perform(.assign(PoolClaim(holder: "ann")), at: .milliseconds(59_999)) == .holderLimit)
        #expect(pool.take(by: "ann", at: .seconds(60)) != nil)
    }

    @Test func whoHasNoNameHasNoLimit() {
        let pool = PoolWorld(PoolPolicy(mostPerHolder: 1), tokens: 3)
        #expect(pool.take(3, by: "")?.count == 3)
    }

    /// At most 2 in any 100 s, whatever the token does between.
    @Test func tokenIsAssignedNoMoreOftenThanItsRate() throws {
        let pool = PoolWorld(PoolPolicy(rest: .zero, rate: PoolPolicy.Rate(count: 2, span: .seconds(100))), tokens: 1)
        for time in [0, 30] {
            let lease = try #require(pool.take(at: .seconds(time)))[0].lease
            pool.perform(.release(id, lease: lease), at: .seconds(time + 1))
        }
        #expect(pool.take(at: .milliseconds(99_999)) == nil)
        let third = try #require(pool.take(at: .seconds(100)))[0].lease
        #expect(pool.perform(.release(id, lease: third), at: .seconds(101)) == .resting(until: pool.start + .seconds(130)))
        #expect(pool.take(at: .milliseconds(129_999)) == nil)
        #expect(pool.take(at: .seconds(130)) != nil)
    }

    @Test func rateHoldsOverALapseAndAQuarantineToo() throws {
        let policy = PoolPolicy(rest: .zero, failuresToQuarantine: 1, rate: PoolPolicy.Rate(count: 1, span: .seconds(100)))
        let pool = PoolWorld(policy, tokens: 1)
        #expect(pool.take() != nil)
        #expect(pool.take(at: .milliseconds(99_999)) == nil)
        let lease = try #require(pool.take(at: .seconds(100)))[0].lease
        #expect(pool.perform(.report(id, lease: lease, failed: true, rest: .zero), at: .seconds(101)) == .quarantined)
        #expect(pool.perform(.restore(id), at: .seconds(102)) == .done)
        #expect(pool.take(at: .milliseconds(199_999)) == nil)
        #expect(pool.take(at: .seconds(200)) != nil)
    }

    @Test func failuresInARowSetATokenAside() throws {
        let pool = PoolWorld(PoolPolicy(rest: .zero, failuresToQuarantine: 3), tokens: 1)
        // Two failures, a success, and it takes three again.
        for (turn, failed) in [true, true, false, true, true].enumerated() {
            let lease = try #require(pool.take(at: .seconds(turn)))[0].lease
            let outcome = pool.perform(.report(id, lease: lease, failed: failed, rest: .zero), at: .seconds(turn))
            #expect(outcome != .quarantined)
            if !failed { pool.perform(.release(id, lease: lease), at: .seconds(turn)) }
        }
        let lease = try #require(pool.take(at: .seconds(9)))[0].lease
        let reply = pool.reply(.report(id, lease: lease, failed: true, rest: .seconds(30)), at: .seconds(10))
        #expect(reply.outcome == .quarantined)
        #expect(
            reply.happened == [
                PoolEvent(.quarantined, at: pool.start + .seconds(10), token: id, lease: lease, holder: "worker", held: .seconds(1))
            ])
        #expect(reply.nextDue == nil, "nothing brings it back by itself")
        #expect(pool.take(at: .seconds(1_000_000)) == nil)
        #expect(pool.perform(.keepAlive(id, lease: lease), at: .seconds(11)) == .staleLease)
        #expect(pool.perform(.restore(id), at: .seconds(12)) == .done)
        #expect(pool.take(at: .seconds(12)) != nil)
        #expect(pool.token(0)?.failures == 0)
    }

    @Test func failureRestsTheTokenForAtLeastThePoolsRest() throws {
        for (asked, rest) in [(0, 120), (119, 120), (120, 120), (121, 121)] {
            let pool = PoolWorld(tokens: 1)
            let lease = try #require(pool.take())[0].lease
            let outcome = pool.perform(.report(id, lease: lease, failed: true, rest: .seconds(asked)))
            #expect(outcome == .resting(until: pool.start + .seconds(rest)))
        }
    }

    @Test func successChangesNothingButTheCountOfFailures() throws {
        let pool = PoolWorld(tokens: 1)
        let lease = try #require(pool.take())[0].lease
        let before = pool.token(0)
        #expect(pool.perform(.report(id, lease: lease, failed: false, rest: .zero), at: .seconds(1)) == .alive(until: pool.start + .seconds(60)))
        #expect(pool.token(0) == before)
    }

    @Test func deletedTokenIsGoneWhoeverHasIt() throws {
        let pool = PoolWorld(tokens: 1)
        let lease = try #require(pool.take())[0].lease
        let reply = pool.reply(.delete(id, lease: nil), at: .seconds(5))
        #expect(reply.outcome == .done)
        #expect(reply.happened.map(\.kind) == [.deleted])
        #expect(reply.happened.map(\.held) == [.seconds(5)])
        #expect(pool.perform(.keepAlive(id, lease: lease), at: .seconds(5)) == .noToken)
        #expect(pool.perform(.delete(id, lease: nil), at: .seconds(5)) == .noToken)
    }
}
