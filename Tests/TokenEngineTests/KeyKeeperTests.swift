import JOSE
import Synchronization
import Testing
import TokenCore
import TokenSealing

@testable import TokenEngine

struct KeyKeeperTests {
    let harness = KeyHarness()

    @Test func firstStartMakesAKeyThatSignsAndASpare() async throws {
        let keeper = try await harness.started()
        let snapshot = keeper.snapshot
        let signing = try #require(snapshot.ring.signing)
        #expect(snapshot.verification.count == 2)
        let signer = try #require(keeper.signer)
        let jws = try JWS(parsing: try await signer.sign(Array(#"{"sub":"a"}"#.utf8)))
        try jws.verify(with: try #require(snapshot.verification[signing.id]))
        #expect(try await harness.events() == [.keyStaged, .keyPublished, .keySigning, .keyStaged, .keyPublished])
    }

    @Test(arguments: Algorithm.allCases.filter { $0 != .hs256 })
    func everySigningAlgorithmIsKept(_ algorithm: Algorithm) async throws {
        var policy = KeyHarness.policy
        policy.algorithm = algorithm.rawValue
        let first = try await harness.started(policy: policy)
        let second = try await harness.started(policy: policy)
        #expect(first.snapshot.etag == second.snapshot.etag)
        #expect(second.snapshot.ring.signing?.algorithm == algorithm.rawValue)
        #expect(second.signer != nil)
    }

    @Test(arguments: ["HS256", "none", ""])
    func whatDoesNotSignIsRefused(_ algorithm: String) async throws {
        var policy = KeyHarness.policy
        policy.algorithm = algorithm
        let keeper = harness.keeper(policy: policy)
        await #expect(throws: KeyKeeperError.cannotSign(algorithm: algorithm)) { try await keeper.start() }
        #expect(try await harness.ring() == nil)
    }

    /// The first ring is created atomically: losers of the race load the winner's.
    @Test func instancesThatStartTogetherMakeOneRing() async throws {
        let keepers = (0..<16).map { _ in harness.keeper() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for keeper in keepers { group.addTask { try await keeper.start() } }
            try await group.waitForAll()
        }
        #expect(Set(keepers.map { $0.snapshot.ring.signing?.id }).count == 1)
        #expect(Set(keepers.map(\.snapshot.etag)).count == 1)
        #expect(try await harness.events().filter { $0 == .keySigning }.count == 1)
    }

    /// canon 51: a new kid is visible longer than any JWKS cache before it signs; an old kid verifies longer than the longest token after.
    @Test func canon51RotationNeverOutrunsACache() async throws {
        let keeper = try await harness.started()
        let (old, spare) = (keeper.snapshot.ring.signing?.id, keeper.snapshot.ring.published?.id)
        #expect(.seconds(keeper.snapshot.maxAge) * 2 <= KeyHarness.policy.publishAhead)
        _ = try await keeper.rotate()
        #expect(keeper.snapshot.ring.signing?.id == old)
        harness.clock.advance(by: KeyHarness.policy.publishAhead - .milliseconds(1))
        try await keeper.tick()
        #expect(keeper.snapshot.ring.signing?.id == old)
        harness.clock.advance(by: .milliseconds(1))
        try await keeper.tick()
        #expect(keeper.snapshot.ring.signing?.id == spare)
        let id = try #require(old)
        harness.clock.advance(by: KeyHarness.policy.accessLifetime + SessionPolicy.mostLeeway)
        try await keeper.tick()
        #expect(keeper.snapshot.verification[id] != nil)
        harness.clock.advance(by: .seconds(120))
        try await keeper.tick()
        #expect(keeper.snapshot.verification[id] == nil)
    }

    /// canon 50: never a private member, each kid once, the document and what verifies agree.
    @Test func canon50TheDocumentShowsWhatVerifiesAndNothingPrivate() async throws {
        let keeper = try await harness.started()
        let set = try JWKSet(parsing: keeper.snapshot.document)
        #expect(Set(set.keys.compactMap(\.keyID)) == Set(keeper.snapshot.verification.keys.map(\.text)))
        #expect(!String(decoding: keeper.snapshot.document, as: UTF8.self).contains("\"d\""))
        let etag = keeper.snapshot.etag
        harness.clock.advance(by: .seconds(7200))
        try await keeper.tick()
        #expect(keeper.snapshot.etag == etag)
        harness.clock.advance(by: .seconds(10_000))
        try await keeper.tick()
        #expect(keeper.snapshot.etag != etag)
    }

    @Test func revocationIsInForceEverywhereBeforeItReturns() async throws {
        let keeper = try await harness.started()
        let seen = Mutex<[RevocationEntry]>([])
        await keeper.onChange { change in
            for _ in 0..<100 { await Task.yield() }
            seen.withLock { $0 += change.revocations }
        }
        let revoked = try #require(keeper.snapshot.ring.signing?.id)
        let spare = keeper.snapshot.ring.published?.id
        #expect(try await keeper.revoke(revoked) == .done)
        #expect(seen.withLock { $0.contains { $0.target == .key(revoked) } })
        #expect(keeper.snapshot.verification[revoked] == nil)
        #expect(keeper.snapshot.ring.signing?.id == spare)
        #expect(keeper.signer != nil)
        let log = try await harness.store.revocations(in: .control, after: 0, limit: 10)
        #expect(log.map(\.entry.target) == [.key(revoked)])
        #expect(try await keeper.revoke(revoked) == .already)
        #expect(try await harness.store.revocations(in: .control, after: 0, limit: 10).count == 1)
    }

    @Test func revocationReachesTheEnginesLoops() async throws {
        let keeper = try await harness.started()
        let engine = try await Harness(store: harness.store)
        let loop = KeyLoop()
        await engine.engine.add(enforcer: loop)
        await engine.engine.follow(keeper)
        let revoked = try #require(keeper.snapshot.ring.signing?.id)
        let subject = try #require(Subject(text: "anybody"))
        #expect(loop.accepts(revoked, subject))
        _ = try await keeper.revoke(revoked)
        #expect(!loop.accepts(revoked, subject))
        #expect(engine.engine.counters.all[.keyRevoked] == 1)
    }

    /// Another instance learns of it from the ring alone, at its next look.
    @Test func revocationReachesOtherInstances() async throws {
        let (here, there) = (try await harness.started(), try await harness.started())
        let seen = Mutex<[RevocationEntry.Target]>([])
        await there.onChange { change in seen.withLock { $0 += change.revocations.map(\.target) } }
        let revoked = try #require(here.snapshot.ring.signing?.id)
        _ = try await here.revoke(revoked)
        try await there.tick()
        #expect(there.snapshot.verification[revoked] == nil)
        #expect(there.snapshot.ring == here.snapshot.ring)
        #expect(seen.withLock { $0 } == [.key(revoked)])
    }

    @Test func threeConflictsAreTriedAgainAndAFourthIsTold() async throws {
        let keeper = try await harness.started()
        harness.clock.advance(by: .seconds(1000))
        harness.faulty.fail(commits: 3, with: .conflict)
        #expect(try await keeper.rotate() == .done)
        harness.clock.advance(by: .seconds(1000))
        harness.faulty.fail(commits: 4, with: .conflict)
        await #expect(throws: KeyKeeperError.store(.conflict)) { try await keeper.rotate() }
    }

    @Test func whatWasNotCommittedIsNotPublished() async throws {
        let keeper = try await harness.started()
        let id = try #require(keeper.snapshot.ring.signing?.id)
        harness.faulty.fail(commits: 1)
        await #expect(throws: KeyKeeperError.store(.unavailable("a planted fault"))) { try await keeper.revoke(id) }
        #expect(keeper.snapshot.ring.signing?.id == id)
        #expect(keeper.snapshot.verification[id] != nil)
        #expect(try await harness.ring()?.record.signing?.id == id)
    }

    /// While the ring is out of sight, another instance may relieve the key; its overlap counts on us to stop.
    @Test func anInstanceThatCannotSeeTheRingStopsSigningAndBeginsAgain() async throws {
        let keeper = try await harness.started()
        harness.faulty.fail(loads: 1000)
        harness.clock.advance(by: KeyHarness.policy.lag)
        try? await keeper.tick()
        #expect(keeper.signer != nil)
        harness.clock.advance(by: .seconds(1))
        await #expect(throws: KeyKeeperError.self) { try await keeper.tick() }
        #expect(keeper.signer == nil)
        #expect(keeper.snapshot.verification.count == 2)
        harness.faulty.fail()
        try await keeper.tick()
        #expect(keeper.signer != nil)
    }

    /// Canon 62: by a clock that went back no key begins or ends, but the first ones are made.
    @Test func noKeyChangesByAClockThatWentBack() async throws {
        harness.clock.stepBack()
        let keeper = try await harness.started()
        #expect(keeper.signer != nil)
        let keys = try await harness.ring()?.record.keys
        harness.clock.advance(by: .seconds(30_000))
        try await keeper.tick()
        #expect(try await harness.ring()?.record.keys == keys)
    }

    @Test func idleTicksWriteNothing() async throws {
        let keeper = try await harness.started()
        let version = try await harness.ring()?.version
        for _ in 0..<100 {
            harness.clock.advance(by: .seconds(5))
            try await keeper.tick()
        }
        #expect(try await harness.ring()?.version == version)
    }
}

/// What one event loop knows of revoked keys.
private final class KeyLoop: RevocationEnforcer {
    private let view = Mutex(RevocationView())

    func enforce(_ entries: [RevocationEntry]) async {
        view.withLock { view in for entry in entries { view.apply(entry) } }
    }

    func accepts(_ key: KeyID, _ subject: Subject) -> Bool {
        let session = SessionID(birth: UnixTime(seconds: 1_900_000_000), partition: .control, random: 0)
        return view.withLock { !$0.isRevoked(session: session, subject: subject, client: nil, key: key) }
    }
}
