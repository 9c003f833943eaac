import JOSE
import Logging
import Synchronization
import Testing
import TokenCore
import TokenSealing

@testable import TokenEngine

/// Many key keepers on one shared store.
struct SharedKeys {
    let store: SharedDouble
    let clock = ManualClock()

    func leadership() -> Leadership { Leadership(of: store, clock: clock, logger: Self.logger) }

    func keeper(_ leadership: Leadership? = nil) -> KeyKeeper {
        KeyKeeper(
            store: store, seals: store.seals, policy: KeyHarness.policy, clock: clock, logger: Self.logger, pause: .milliseconds(500),
            leadership: leadership)
    }

    func started(_ leadership: Leadership? = nil) async throws -> KeyKeeper {
        let keeper = keeper(leadership)
        try await keeper.start()
        return keeper
    }

    func version() async throws -> Version? { try await store.records.load(KeyRing.self, id: (), now: clock.now())?.version }

    private static var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

@Suite struct SharedKeysTests {
    private let keys = SharedKeys(store: SharedDouble())
    private var store: SharedDouble { keys.store }

    private func signed(by keeper: KeyKeeper) async throws -> JWS {
        try JWS(parsing: try await #require(keeper.signer).sign(Array(#"{"sub":"a"}"#.utf8)))
    }

    /// One atomic first use: the losers of the race load the winner's set, and what they sign is accepted by all.
    @Test func instancesThatStartTogetherSignWithOneKey() async throws {
        for _ in 0..<5 {
            let keys = SharedKeys(store: SharedDouble())
            let keepers = (0..<8).map { _ in keys.keeper(keys.leadership()) }
            _ = try await concurrently(8) { try await keepers[$0].start() }
            #expect(Set(keepers.map(\.snapshot.etag)).count == 1)
            for signer in keepers {
                let jws = try await signed(by: signer)
                for verifier in keepers {
                    let signing = try #require(verifier.snapshot.ring.signing)
                    try jws.verify(with: try #require(verifier.snapshot.verification[signing.id]))
                }
            }
            #expect(try await keys.store.events(after: 0, limit: 100).filter { $0.event.name == .keySigning }.count == 1)
        }
    }

    @Test func onlyTheLeaderLetsTimePass() async throws {
        let leaderships = [keys.leadership(), keys.leadership(), keys.leadership()]
        try await leaderships[1].start()
        var keepers: [KeyKeeper] = []
        for leadership in leaderships { keepers.append(try await keys.started(leadership)) }
        let old = keepers[0].snapshot.ring.signing?.id
        keys.clock.advance(by: KeyHarness.policy.rotateEvery ?? .zero)
        for keeper in keepers { try await keeper.tick() }
        let ring = try await store.records.load(KeyRing.self, id: (), now: keys.clock.now())?.record
        #expect(ring?.signing?.id == old, "the lease is over, and nobody leads")
        try await leaderships[1].renew()
        try await keepers[0].tick()
        #expect(keepers[0].snapshot.ring.signing?.id == old)
        try await keepers[1].tick()
        #expect(keepers[1].snapshot.ring.signing?.id != old)
        for keeper in keepers {
            try await keeper.tick()
            #expect(keeper.snapshot.ring == keepers[1].snapshot.ring)
        }
    }

    @Test func anOrderIsCarriedOutByWhoeverGetsIt() async throws {
        let leadership = keys.leadership()
        try await leadership.start()
        _ = try await keys.started(leadership)
        let follower = try await keys.started(keys.leadership())
        let revoked = try #require(follower.snapshot.ring.signing?.id)
        #expect(try await follower.revoke(revoked) == .done)
        #expect(follower.snapshot.verification[revoked] == nil)
        #expect(store.with { $0.confirmed }.isEmpty, "it was committed")
        #expect(try await follower.revoke(revoked) == .already)
        #expect(store.with { $0.confirmed } == [.control], "done before, by whomever: that must survive")
        store.with { $0.confirmFailure = .outcomeUnknown("no replica answers") }
        await #expect(throws: KeyKeeperError.store(.outcomeUnknown("no replica answers"))) { try await follower.revoke(revoked) }
    }

    /// A leader that was paused before its commit: the lease has changed hands, so nothing of it is written.
    @Test func aLeaderThatWasPausedRotatesNothing() async throws {
        let (old, new) = (keys.leadership(), keys.leadership())
        try await old.start()
        let keeper = try await keys.started(old)
        let fence = try #require(old.fence(.keys))
        keys.clock.advance(by: LeaseMachine.length)
        try await new.start()
        #expect(old.fence(.keys) == nil)
        #expect(new.fence(.keys) != nil)
        let ring = try #require(try await store.records.load([KeyRing.key(for: ())], now: keys.clock.now())[0])
        let batch = WriteBatch(
            partition: .control, now: keys.clock.now(),
            writes: [.put(keeper.snapshot.ring, over: ring.version), .expect(LeaseRecord.key(for: .keys), expecting: fence)])
        await #expect(throws: StoreError.conflict) { try await store.commit(batch) }
    }

    /// The commit of the keeper names the lease: without it the record could be written whoever leads.
    @Test func theLeadersCommitIsFenced() async throws {
        let leadership = keys.leadership()
        try await leadership.start()
        let spy = CommitSpy(store: store)
        let keeper = KeyKeeper(
            store: spy, seals: store.seals, policy: KeyHarness.policy, clock: keys.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, leadership: leadership)
        try await keeper.start()
        keys.clock.advance(by: KeyHarness.policy.rotateEvery ?? .zero)
        try await leadership.renew()
        try await keeper.tick()
        let fence = try #require(leadership.fence(.keys))
        #expect(spy.batches.withLock { $0.last }?.writes.contains(.expect(LeaseRecord.key(for: .keys), expecting: fence)) == true)
    }

    @Test func anIdleLookCostsOneLoad() async throws {
        let leadership = keys.leadership()
        try await leadership.start()
        let keepers = [try await keys.started(leadership), try await keys.started(keys.leadership())]
        store.with { ($0.loads, $0.commits) = (0, 0) }
        for keeper in keepers {
            for _ in 0..<10 { try await keeper.tick() }
        }
        #expect(store.with { $0.loads } == 20)
        #expect(store.with { $0.commits } == 0)
    }

    /// The leader notes the use of the seal key before anybody else finds it due: otherwise all would write at the same moment, once an hour.
    @Test func theUseOfTheSealKeyIsNotedByTheLeader() async throws {
        let leadership = keys.leadership()
        try await leadership.start()
        let leader = try await keys.started(leadership)
        let follower = try await keys.started(keys.leadership())
        for _ in 0..<240 {
            keys.clock.advance(by: .seconds(30))
            try await leadership.renew()
            let before = try await keys.version()
            try await leader.tick()
            let version = try await keys.version()
            try await follower.tick()
            #expect(try await keys.version() == version, "the follower writes nothing")
            if before != version { return }
        }
        Issue.record("the leader noted nothing in two hours")
    }

    @Test func aStoreThatWasEmptiedGetsNoSecondSet() async throws {
        let keeper = try await keys.started()
        let signing = keeper.snapshot.ring.signing?.id
        let stored = try #require(try await keys.version())
        try await store.commit(
            WriteBatch(partition: .control, now: keys.clock.now(), writes: [.remove(KeyRing.key(for: ()), expecting: stored)]))
        await #expect(throws: KeyKeeperError.self) { try await keeper.tick() }
        #expect(try await keys.version() == nil)
        #expect(keeper.snapshot.ring.signing?.id == signing)
    }

    /// A failover lost the last change: this instance signs with what everybody else has, under whatever version.
    @Test(arguments: [0, 1, 2] as [UInt64]) func aRingThatWentBackIsFollowed(_ changesSince: UInt64) async throws {
        let (here, there) = (try await keys.started(), try await keys.started())
        let before = try #require(try await store.records.load([KeyRing.key(for: ())], now: keys.clock.now())[0])
        keys.clock.advance(by: KeyHarness.policy.publishAhead)
        _ = try await here.rotate()
        let lost = try #require(try await keys.version())
        #expect(here.snapshot.ring.signing?.id != there.snapshot.ring.signing?.id)
        // The record as it was, and as many changes as make its version the one before, the same, or a later one than that which was lost.
        try await store.commit(
            WriteBatch(partition: .control, now: keys.clock.now(), writes: [.remove(before.key, expecting: lost)]))
        for version in 0..<before.version.number + changesSince {
            try await store.commit(
                WriteBatch(partition: .control, now: keys.clock.now(), writes: [.put(before, expecting: Version(version))]))
        }
        try await here.tick()
        #expect(here.snapshot.ring.signing?.id == there.snapshot.ring.signing?.id)
        #expect(here.signer != nil)
    }

    @Test func aRevocationOfUnknownFateIsEnforcedHere() async throws {
        let keeper = try await keys.started()
        let seen = Mutex<[RevocationEntry.Target]>([])
        await keeper.onChange { change in seen.withLock { $0 += change.revocations.map(\.target) } }
        let revoked = try #require(keeper.snapshot.ring.signing?.id)
        store.with { $0.commitFailure = (.outcomeUnknown("the connection broke"), isMade: false) }
        await #expect(throws: KeyKeeperError.store(.outcomeUnknown("the connection broke"))) { try await keeper.revoke(revoked) }
        #expect(seen.withLock { $0 } == [.key(revoked)])
    }
}

/// Remembers what was committed.
private final class CommitSpy: RecordStore {
    let store: SharedDouble
    let batches = Mutex<[WriteBatch]>([])

    init(store: SharedDouble) { self.store = store }

    var partitionCount: Int { store.partitionCount }
    func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?] { try await store.load(keys, now: now) }
    func commit(_ batch: WriteBatch) async throws(StoreError) {
        batches.withLock { $0.append(batch) }
        try await store.commit(batch)
    }
    func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] { try await store.find(query, now: now) }
    func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int { 0 }
    func check() async throws(StoreError) {}
}
