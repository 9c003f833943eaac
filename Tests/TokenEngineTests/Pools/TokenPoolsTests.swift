import Logging
import Testing
import TokenCore
import TokenSealing

@testable import TokenEngine

struct TokenPoolsTests {
    private func code(_ body: () async throws -> Void) async -> OAuthError.Code? {
        do { try await body() } catch let error as OAuthError { return error.code } catch {}
        return nil
    }

    @Test func tokensAreTheirTimeAndTwentySixRandomBytesAsText() async throws {
        let pool = try await PoolHarness()
        let tokens = try await pool.pools.generate(20, in: .usual).map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(Set(tokens).count == 20)
        #expect(tokens.allSatisfy { $0.utf8.count == 47 && $0.wholeMatch(of: /mmp_[A-Za-z0-9_-]{43}/) != nil })
        #expect(Set(tokens.map { $0.dropFirst(12) }).count == 20, "what follows the time differs")
    }

    @Test func aTokenGoesOutAndComesBack() async throws {
        let pool = try await PoolHarness()
        let made = try await pool.pools.generate(1, in: .usual)
        let taken = try await pool.take(holder: "w1")
        #expect(taken.value.bytes == made[0].bytes && taken.lifetime == .seconds(60))
        #expect(await code { _ = try await pool.take() } == .noneFree)
        pool.clock.advance(by: .seconds(30))
        #expect(try await pool.pools.keepAlive(taken.value, lease: taken.lease, in: .usual) == .seconds(60))
        _ = try await pool.pools.release(taken.value, lease: taken.lease, in: .usual)
        #expect(await code { _ = try await pool.pools.release(taken.value, lease: nil, in: .usual) } == .notAssigned)
        let again = try await pool.take()
        #expect(again.lease > taken.lease)
        #expect(await code { _ = try await pool.pools.keepAlive(taken.value, lease: taken.lease, in: .usual) } == .staleLease)
        try await pool.pools.delete(.value(taken.value), lease: nil, in: .usual)
        #expect(await code { _ = try await pool.pools.keepAlive(taken.value, lease: nil, in: .usual) } == .notFound)
    }

    @Test func aRefusalSaysWhenToComeBack() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(1, in: .usual)
        _ = try await pool.take()
        pool.clock.advance(by: .milliseconds(50_001))
        await #expect(throws: OAuthError(.noneFree, "Not enough tokens are free.", retryAfter: .seconds(10))) { _ = try await pool.take() }
    }

    // MARK: - All or none

    @Test func whatHasNoRoomIsNotMadeInPart() async throws {
        let pool = try await PoolHarness(PoolPolicy(rest: .zero, mostTokens: 1_500))
        #expect(await code { _ = try await pool.pools.generate(1_501, in: .usual) } == .poolFull)
        #expect(try await pool.pools.statistics(of: .usual).total == 0)
        #expect(try await pool.pools.generate(1_500, in: .usual).count == 1_500)
        #expect(await code { _ = try await pool.pools.generate(1, in: .usual) } == .poolFull)
        for count in [0, -1, 10_001, .max] { #expect(await code { _ = try await pool.pools.generate(count, in: .usual) } == .outOfBounds) }
    }

    /// The third of three pieces fails, once without having been done and once after it was: nothing of the call stays.
    @Test(arguments: [FaultyPool.Fault.before, .after]) func aCallThatFailsHalfwayTakesBackWhatItPutIn(_ fault: FaultyPool.Fault) async throws {
        let pool = try await PoolHarness()
        let before = try await pool.pools.generate(3, in: .usual).map(\.bytes)
        pool.store.fail { verb in
            if case .add(let tokens) = verb, tokens.count == 500 { fault } else { .none }
        }
        #expect(await code { _ = try await pool.pools.generate(2_500, in: .usual) } == .temporarilyUnavailable)
        #expect(try await pool.pools.statistics(of: .usual).total == 3)
        let left = [try await pool.take(), try await pool.take(), try await pool.take()].map(\.value.bytes)
        #expect(Set(left) == Set(before))
    }

    @Test func anImportKeepsWhatIsThereAndCountsWhatIsNew() async throws {
        let pool = try await PoolHarness()
        let tokens = (0..<10).map { ImportedToken(value: Secret([$0 + 65]), metadata: Array(#"{"n":1}"#.utf8)) }
        #expect(try await pool.pools.add(tokens, to: .usual) == 10)
        #expect(try await pool.pools.add(tokens + [ImportedToken(value: Secret([97]))], to: .usual) == 1)
        let taken = try await pool.take()
        #expect(taken.value.bytes == [65] && taken.metadata == Array(#"{"n":1}"#.utf8))
    }

    @Test func aPoolIsMadeLargerAndSmaller() async throws {
        let pool = try await PoolHarness()
        #expect(try await pool.pools.resize(.usual, to: 5).made.count == 5)
        _ = try await pool.take()
        let smaller = try await pool.pools.resize(.usual, to: 0)
        #expect(smaller.removed == 4 && smaller.leaving == 1)
        let larger = try await pool.pools.resize(.usual, to: 2)
        #expect(larger.made.count == 1 && larger.leaving == 0)
        pool.clock.advance(by: .seconds(60))
        #expect(try await pool.pools.statistics(of: .usual).free == 2, "the one that was to leave stays")
        #expect(await code { _ = try await pool.pools.resize(.usual, to: 10_001) } == .poolFull)
        #expect(await code { _ = try await pool.pools.resize(.usual, to: -1) } == .outOfBounds)
    }

    @Test func nothingIsAssignedWhileTheClockStands() async throws {
        let pool = try await PoolHarness()
        _ = try await pool.pools.generate(1, in: .usual)
        pool.clock.stepBack()
        #expect(await code { _ = try await pool.take() } == .temporarilyUnavailable)
    }

    // MARK: - Pools

    @Test func theUsualPoolHasThePolicyOfTheLastStart() async throws {
        let pool = try await PoolHarness()
        let changed = PoolPolicy(lifetime: .seconds(7), rest: .seconds(3), mostTokens: 9)
        let again = try await pool.another(changed)
        #expect(try await again.statistics(of: .usual).policy == changed)
    }

    @Test func aRemovedPoolIsGoneAndItsWaitersAreTold() async throws {
        let pool = try await PoolHarness()
        let place = try await pool.queue()
        let waited = Task { try await pool.pools.wait(at: place, atMost: .seconds(60)) }
        try await pool.pools.remove(.usual)
        #expect(await code { _ = try await waited.value } == .notFound)
        #expect(await code { _ = try await pool.take() } == .notFound)
        #expect(try await pool.pools.names(after: nil, limit: 10).isEmpty)
    }

    @Test func aPolicyThatCannotBeIsRefused() async throws {
        let pool = try await PoolHarness()
        let name = try #require(PoolName("ci"))
        #expect(await code { _ = try await pool.pools.create(name, PoolPolicy(lifetime: .zero)) } == .invalidRequest)
        #expect(try await pool.pools.create(name, PoolPolicy()))
        #expect(try await !pool.pools.create(name, PoolPolicy()))
        #expect(await code { _ = try await pool.pools.create(name, PoolPolicy(order: .random)) } == .conflict)
    }

    // MARK: - The seal

    /// A token that was put in under the first seal key is found, opened and not put in twice under the second, also when the first has gone.
    @Test func aNewSealChangesNoTokenAndTheOldOneMayGo() async throws {
        let pool = try await PoolHarness()
        let tokens = [ImportedToken(value: Secret(Array("licence".utf8)))]
        _ = try await pool.pools.add(tokens, to: .usual)
        let held = try await pool.take()
        let both = try pool.seals.appending().promoting(SealNumber(2))
        let moved = try await pool.another(seals: both)
        #expect(try await moved.add(tokens, to: .usual) == 0)
        #expect(try await moved.keepAlive(held.value, lease: held.lease, in: .usual) == .seconds(60))
        let alone = try await pool.another(seals: try both.removing(SealNumber(1)))
        _ = try await alone.release(held.value, lease: held.lease, in: .usual)
        #expect(try await pool.take(from: alone).value.bytes == held.value.bytes)
        await #expect(throws: StoreError.self) { try await pool.another(seals: pool.seals) }
    }

    /// An instance that has the new key in its file and does not seal with it yet leaves what a newer one sealed.
    @Test func anOlderInstanceDoesNotSealItsWayBack() async throws {
        let pool = try await PoolHarness()
        let appended = try pool.seals.appending()
        _ = try await pool.another(seals: try appended.promoting(SealNumber(2)))
        _ = try await pool.another(seals: appended)
        let secret = try #require(try await pool.records.load(PoolSecret.self, id: (), now: pool.clock.now())).record
        #expect(try RecordSealer.sealNumber(of: secret.sealed) == SealNumber(2))
    }

    @Test func theSealKeyOfThePoolsIsNotDispensable() async throws {
        let pool = try await PoolHarness()
        let both = try pool.seals.appending().promoting(SealNumber(2))
        let keys = KeyKeeper(store: pool.records, seals: both, policy: KeyPolicy(), clock: pool.clock, logger: .silent)
        try await keys.start()
        #expect(try await keys.sealUsage().map(\.isDispensable) == [false, false])
        _ = try await pool.another(seals: both)
        #expect(try await keys.sealUsage().map(\.isDispensable) == [true, false])
    }
}
