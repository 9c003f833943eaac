import Testing
import TokenCore

/// What time does to a token: lapse, rest, the end of its life, the longest hold.
@Suite struct PoolLifeTests {
    @Test func assignmentLapsesWithItsLifetimeAndNotBefore() throws {
        for (time, isFree) in [(59_999, false), (60_000, true), (60_001, true)] {
            let pool = PoolWorld(tokens: 1)
            let first = try #require(pool.take())
            #expect(first[0].lifetime == .seconds(60))
            let second = pool.take(at: .milliseconds(time))
            #expect((second != nil) == isFree, "after \(time) ms")
        }
    }

    @Test func keepAliveCountsFromItselfAndIsTooLateAtTheEnd() throws {
        for (time, isInTime) in [(59_999, true), (60_000, false), (60_001, false)] {
            let pool = PoolWorld(tokens: 1)
            let lease = try #require(pool.take())[0].lease
            let outcome = pool.perform(.keepAlive(PoolWorld.id(0), lease: lease), at: .milliseconds(time))
            #expect(outcome == (isInTime ? .alive(until: pool.start + .milliseconds(time + 60_000)) : .staleLease), "after \(time) ms")
            #expect((pool.take(at: .milliseconds(time + 59_999)) == nil) == isInTime)
            if isInTime { #expect(pool.take(at: .milliseconds(time + 60_000)) != nil) }
        }
    }

    @Test func lapseTellsOfItsOwnMoment() throws {
        let pool = PoolWorld(tokens: 1)
        let lease = try #require(pool.take())[0].lease
        let reply = pool.reply(.settle, at: .seconds(75))
        let expired = PoolEvent(
            .expired, at: pool.start + .seconds(60), token: PoolWorld.id(0), lease: lease, holder: "worker", held: .seconds(60))
        #expect(reply.happened == [expired])
    }

    @Test func whatWasGivenBackRestsAndNotLonger() throws {
        for (time, isFree) in [(119_999, false), (120_000, true), (120_001, true)] {
            let pool = PoolWorld(tokens: 1)
            let lease = try #require(pool.take())[0].lease
            #expect(pool.perform(.release(PoolWorld.id(0), lease: lease)) == .resting(until: pool.start + .seconds(120)))
            #expect((pool.take(at: .milliseconds(time)) != nil) == isFree, "after \(time) ms")
        }
    }

    @Test func whatLapsedDoesNotRest() {
        let pool = PoolWorld(tokens: 1)
        #expect(pool.take() != nil)
        #expect(pool.take(at: .seconds(60)) != nil)
    }

    @Test func withoutARestTheNextHasItAtOnce() throws {
        let pool = PoolWorld(PoolPolicy(rest: .zero), tokens: 1)
        let lease = try #require(pool.take())[0].lease
        #expect(pool.perform(.release(PoolWorld.id(0), lease: lease)) == .resting(until: pool.start))
        #expect(pool.take() != nil)
    }

    @Test func freeTokenWithoutASignOfLifeIsDeletedAtItsLimit() {
        for (time, isThere) in [(299_999, true), (300_000, false), (300_001, false)] {
            let pool = PoolWorld(PoolPolicy(keepAliveLimit: .seconds(300)), tokens: 1)
            let outcome = pool.perform(.keepAlive(PoolWorld.id(0), lease: nil), at: .milliseconds(time))
            #expect(outcome == (isThere ? .alive(until: nil) : .noToken), "after \(time) ms")
        }
    }

    @Test func withoutALimitNothingIsEverDeleted() {
        let pool = PoolWorld(tokens: 1)
        let reply = pool.reply(.settle, at: .seconds(1_000_000_000))
        #expect(reply.happened.isEmpty)
        #expect(pool.statistics.free == 1)
    }

    /// Each sign of life, at 100 s, restarts the 300 s; the lapse in between does not.
    @Test(arguments: ["generate", "assign", "keep-alive", "unblock"])
    func signOfLifeRestartsTheLimit(sign: String) throws {
        let pool = PoolWorld(PoolPolicy(rest: .zero, keepAliveLimit: .seconds(300)))
        let id = PoolWorld.id(0)
        let birth = sign == "generate" ? 100 : sign == "unblock" ? 41 : 0
        #expect(pool.perform(.add(PoolWorld.new(0..<1)), at: .seconds(birth)) == .added(1))
        switch sign {
        case "assign": #expect(pool.take(at: .seconds(100)) != nil)
        case "keep-alive": #expect(pool.perform(.keepAlive(id, lease: nil), at: .seconds(100)) == .alive(until: nil))
        case "unblock":
            let lease = try #require(pool.take(at: .seconds(41)))[0].lease
            #expect(pool.perform(.release(id, lease: lease), at: .seconds(100)) == .resting(until: pool.start + .seconds(100)))
        default: break
        }
        pool.perform(.settle, at: .milliseconds(399_999))
        #expect(pool.statistics.total == 1)
        let reply = pool.reply(.settle, at: .seconds(400))
        #expect(pool.statistics.total == 0)
        #expect(reply.happened.map(\.kind) == [.deleted])
        #expect(reply.happened.map(\.at) == [pool.start + .seconds(400)])
    }

    @Test func lapseIsNoSignOfLife() {
        let pool = PoolWorld(PoolPolicy(keepAliveLimit: .seconds(60)), tokens: 1)
        #expect(pool.take() != nil)
        let reply = pool.reply(.settle, at: .seconds(60))
        #expect(reply.happened.map(\.kind) == [.expired, .deleted])
    }

    @Test func tokenThatRestsLongerThanTheLimitIsNotDeletedForIt() throws {
        let pool = PoolWorld(PoolPolicy(keepAliveLimit: .seconds(300)), tokens: 1)
        let lease = try #require(pool.take())[0].lease
        let report = PoolVerb.report(PoolWorld.id(0), lease: lease, failed: true, rest: .seconds(1000))
        #expect(pool.perform(report) == .resting(until: pool.start + .seconds(1000)))
        #expect(pool.take(at: .milliseconds(999_999)) == nil)
        #expect(pool.take(at: .seconds(1000)) != nil)
    }

    @Test func longestHoldEndsAnAssignmentHoweverOftenItIsKeptAlive() throws {
        let pool = PoolWorld(PoolPolicy(longestHold: .seconds(100)), tokens: 1)
        let lease = try #require(pool.take())[0].lease
        let keepAlive = PoolVerb.keepAlive(PoolWorld.id(0), lease: lease)
        #expect(pool.perform(keepAlive, at: .seconds(40)) == .alive(until: pool.start + .seconds(100)))
        #expect(pool.perform(keepAlive, at: .milliseconds(99_999)) == .alive(until: pool.start + .seconds(100)))
        #expect(pool.perform(keepAlive, at: .seconds(100)) == .staleLease)
    }

    @Test func changeOfTheLongestHoldDoesNotShortenWhatIsHeld() throws {
        let pool = PoolWorld(tokens: 1)
        let lease = try #require(pool.take())[0].lease
        #expect(pool.perform(.change(PoolPolicy(lifetime: .seconds(10), longestHold: .seconds(10)))) == .done)
        let outcome = pool.perform(.keepAlive(PoolWorld.id(0), lease: lease), at: .seconds(30))
        #expect(outcome == .alive(until: pool.start + .seconds(60)))
    }

    @Test func clockThatGoesBackShortensNoAssignmentAndGivesNoTimeBelowZero() throws {
        let pool = PoolWorld(tokens: 1)
        let lease = try #require(pool.take(at: .seconds(100)))[0].lease
        #expect(pool.perform(.keepAlive(PoolWorld.id(0), lease: lease)) == .alive(until: pool.start + .seconds(160)))
        let reply = pool.reply(.release(PoolWorld.id(0), lease: lease))
        #expect(reply.happened.map(\.held) == [.zero])
    }

    @Test func leaseNeverRepeatsAfterTheStoreWentBack() throws {
        let lost = PoolWorld(PoolPolicy(rest: .zero), tokens: 1)
        var last = LeaseNumber.none
        for _ in 0..<50 {
            last = try #require(lost.take())[0].lease
            lost.perform(.release(PoolWorld.id(0), lease: last))
        }
        // The same pool as of before all that, a millisecond later.
        let restored = PoolWorld(PoolPolicy(rest: .zero), tokens: 1)
        let next = try #require(restored.take(at: .milliseconds(1)))[0].lease
        #expect(next > last)
    }
}
