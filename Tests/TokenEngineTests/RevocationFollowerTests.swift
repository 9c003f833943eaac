import Logging
import Synchronization
import Testing
import TokenCore
import TokenSealing

@testable import TokenEngine

/// What one instance revoked is refused by the others.
@Suite struct RevocationFollowerTests {
    private let store = SharedDouble()
    private let subject: Subject

    init() throws { subject = try #require(Subject(text: "somebody")) }

    /// One of many instances: an engine, its loop and its follower.
    private struct Instance {
        let harness: Harness
        let follower: RevocationFollower

        var loop: Loop { harness.loop }
        var engine: TokenEngine { harness.engine }

        /// A look and everything that follows from it.
        func look() async throws {
            var orders = try await follower.look()
            while let order = orders.popLast() { orders += await follower.carryOut(order).next }
        }
    }

    private func instance(
        isStarted: Bool = true, keys: KeyKeeper? = nil, policy: SessionPolicy = SessionPolicy()
    ) async throws -> Instance {
        let harness = try await Harness(shared: store, policy: policy)
        let instance = Instance(harness: harness, follower: harness.engine.follower(of: store, keys: keys))
        if isStarted { try await instance.follower.start() }
        return instance
    }

    private func session(_ number: UInt64) -> SessionID { SessionID(birth: UnixTime(seconds: 1_800_000_000), partition: .control, random: number) }
    private func entry(_ number: UInt64) -> RevocationEntry { RevocationEntry(.session(session(number)), expiresAt: .distantFuture) }

    @Test func theStartEnforcesWhatIsInTheLogs() async throws {
        store.append((0..<2500).map(entry), to: .control)
        store.trim(.control, through: 100)
        let instance = try await instance(isStarted: false)
        #expect(instance.follower.isStale(after: .seconds(1_000_000)), "nothing was read yet")
        #expect(instance.follower.isStale(at: .epoch))
        try await instance.follower.start()
        for number in 100..<2500 as Range<UInt64> { #expect(!instance.loop.accepts(session(number), of: subject)) }
        #expect(instance.loop.accepts(session(99), of: subject))
        // Of the monotonic clock, which passes while other tests have the processors.
        #expect(!instance.follower.isStale(after: .seconds(3600)))
        #expect(instance.follower.lag < .seconds(3600))
        #expect(instance.follower.isStale(after: .zero - .seconds(1)))
    }

    @Test func aStartWithoutTheStoreSaysSoAndCanBeRepeated() async throws {
        let instance = try await instance(isStarted: false)
        store.append([entry(1)], to: .control)
        store.cut()
        await #expect(throws: StoreError.unavailable("cut off")) { try await instance.follower.start() }
        #expect(instance.follower.isStale(after: .seconds(30)))
        store.cut(nil)
        try await instance.follower.start()
        #expect(!instance.loop.accepts(session(1), of: subject))
    }

    @Test func aLostBellIsMadeUpForByTheNextLook() async throws {
        let instance = try await instance()
        store.with { $0.rings = false }
        store.append([entry(1)], to: SharedDouble.partitions[2])
        #expect(instance.loop.accepts(session(1), of: subject))
        try await instance.look()
        #expect(!instance.loop.accepts(session(1), of: subject))
    }

    /// However long it was: nothing is missed, also when the log was trimmed meanwhile, and when another server has taken over.
    @Test(arguments: [false, true]) func afterADisconnectNothingIsMissed(_ goesBack: Bool) async throws {
        let instance = try await instance()
        store.append((0..<10).map(entry), to: .control)
        try await instance.look()
        store.cut()
        for _ in 0..<5 { await #expect(throws: StoreError.self) { try await instance.look() } }
        store.append((10..<20).map(entry), to: .control)
        if goesBack { store.goBack(.control, to: 8, history: "second") }
        store.append((20..<40).map(entry), to: .control)
        store.trim(.control, through: 5)
        store.cut(nil)
        try await instance.look()
        for number in 20..<40 as Range<UInt64> { #expect(!instance.loop.accepts(session(number), of: subject)) }
        for number in 0..<10 as Range<UInt64> { #expect(!instance.loop.accepts(session(number), of: subject), "refused once, refused for ever") }
        #expect(instance.follower.reloads == (goesBack ? 1 : 0))
    }

    @Test func freshnessIsOfTheBeginningOfALookThatWasCompleted() async throws {
        let time = Atomic<Int64>(0)
        let clock = ManualClock()
        let start = clock.now()
        let enforcement = RevocationFollower.Enforcement(
            enforce: { _ in time.add(1_000_000, ordering: .relaxed) }, look: { () throws(StoreError) in })
        let follower = RevocationFollower(
            of: store, clock: clock, maxStaleness: .seconds(30), enforcement: enforcement,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            monotonic: { MonotonicTime(microseconds: time.load(ordering: .relaxed)) })
        try await follower.start()
        #expect(follower.lag == .zero)
        #expect(!follower.isStale(at: start + .seconds(30)))
        #expect(follower.isStale(at: start + .milliseconds(30_001)))
        clock.advance(by: .seconds(5))
        store.append([entry(1)], to: .control)
        time.add(5_000_000, ordering: .relaxed)
        let order = try #require(try await follower.look().first)
        #expect(follower.lag == .seconds(5), "the heads are known; what they stand for is not enforced")
        clock.advance(by: .seconds(1))
        #expect(follower.isStale(at: start + .seconds(31)))
        _ = await follower.carryOut(order)
        #expect(follower.lag == .seconds(1))
        #expect(!follower.isStale(at: start + .seconds(35)))
        #expect(follower.isStale(at: start + .seconds(36)), "of the beginning of the look")
        #expect(follower.isStale(after: .milliseconds(999)) && !follower.isStale(after: .seconds(1)))
        store.cut()
        time.add(30_000_000, ordering: .relaxed)
        await #expect(throws: StoreError.self) { try await follower.look() }
        #expect(follower.isStale(after: .seconds(30)))
    }

    /// Logins and refreshes cost a follower nothing.
    @Test func theCostOfFollowingIsThatOfRevocations() async throws {
        let (one, two) = (try await instance(), try await instance())
        store.with { $0.reads = 0 }
        for _ in 0..<50 { _ = try await one.engine.refresh(one.harness.login().refresh) }
        try await two.look()
        #expect(store.with { $0.reads } == 0)
    }

    @Test func anEpochOfTheWholeStoreEndsRefreshesEverywhere() async throws {
        let (one, two) = (try await instance(), try await instance())
        let pair = try await one.harness.login()
        _ = try await one.engine.endEverything()
        try await two.look()
        await #expect(throws: OAuthError.self) { try await two.engine.refresh(pair.refresh) }
        // Its entry leaves the log, the epoch stays.
        store.trim(.control, through: 1)
        let three = try await instance()
        #expect(three.engine.knownStoreEpoch == one.engine.knownStoreEpoch)
        await #expect(throws: OAuthError.self) { try await three.engine.refresh(pair.refresh) }
    }

    @Test func aRevokedKeyHasTheRingLookedAtAtOnce() async throws {
        let keys = SharedKeys(store: store)
        let (here, there) = (try await keys.started(), try await keys.started())
        let instance = try await instance(keys: there)
        let revoked = try #require(here.snapshot.ring.signing?.id)
        _ = try await here.revoke(revoked)
        #expect(there.snapshot.verification[revoked] != nil)
        try await instance.look()
        #expect(there.snapshot.verification[revoked] == nil)
    }

    @Test func readinessTellsIssuingFromValidating() async throws {
        let instance = try await instance(isStarted: false)
        var verdict = await instance.engine.readiness(following: instance.follower, staleAfter: .seconds(3600))
        #expect(verdict.canIssue && !verdict.canValidate && !verdict.isReady)
        try await instance.follower.start()
        verdict = await instance.engine.readiness(following: instance.follower, staleAfter: .seconds(3600))
        #expect(verdict.isReady)
        store.cut()
        verdict = await instance.engine.readiness(following: instance.follower, staleAfter: .seconds(3600))
        #expect(!verdict.canIssue && verdict.canValidate && !verdict.isReady)
        verdict = await instance.engine.readiness(following: instance.follower, staleAfter: .zero - .seconds(1))
        #expect(!verdict.canValidate)
        instance.harness.signer.fail(true)
        store.cut(nil)
        verdict = await instance.engine.readiness(following: instance.follower, staleAfter: .seconds(3600))
        #expect(!verdict.canIssue && !verdict.canValidate, "no key is known")
    }

    /// Three instances, all at once: whatever any of them ended is refused by all, by bells alone where they ring.
    @Test(.timeLimit(.minutes(10))) func whatAnyInstanceEndsAllRefuse() async throws {
        let instances = [try await instance(), try await instance(), try await instance()]
        let services = instances.map { instance in Task { try await instance.follower.run() } }
        while store.with({ $0.bells.count }) < 3 { await Task.yield() }
        let ended = try await concurrently(60) { number in
            let instance = instances[number % 3]
            let user = Int64(number + 1)
            let pair = try await instance.harness.login(user)
            guard let subject = Subject(integer: user) else { throw OAuthError(.invalidRequest, "no such user") }
            try await instance.engine.logout(session: pair.session, subject: subject)
            return (pair.session, subject)
        }
        for (session, subject) in ended {
            while instances.contains(where: { $0.loop.accepts(session, of: subject) }) { await Task.yield() }
        }
        for service in services { service.cancel() }
        for service in services { try await service.value }
        #expect(ended.count == 60)
    }

    /// One instance refreshes, another logs out, a third learns of it: whatever the order, nothing is alive afterwards.
    @Test func aRefreshRacingALogoutElsewhereLeavesNothingAlive() async throws {
        let (one, two, three) = (try await instance(), try await instance(), try await instance())
        let subject = try #require(Subject(integer: 1))
        for round in 0..<60 {
            let pair = try await one.harness.login()
            async let refreshed = try? one.engine.refresh(pair.refresh)
            async let ended: Void =
                round.isMultiple(of: 2)
                ? two.engine.logout(session: pair.session, subject: subject)
                : { _ = try await two.engine.logoutAll(subject: subject, because: .logout) }()
            let successor = await refreshed
            try await ended
            for instance in [one, three] { try await instance.look() }
            for instance in [one, two, three] {
                #expect(!instance.loop.accepts(pair.session, of: subject))
                for token in [pair.refresh, successor?.refresh].compactMap({ $0 }) {
                    await #expect(throws: OAuthError.self) { try await instance.engine.refresh(token) }
                }
                instance.harness.clock.advance(by: .milliseconds(1))
            }
        }
    }

    /// One subject may have two sessions, on however many instances they begin; those that had to make room are refused everywhere.
    @Test func theLimitOfSessionsHoldsAcrossInstances() async throws {
        let policy = SessionPolicy(maxPerSubject: 2)
        var instances: [Instance] = []
        for _ in 0..<3 { instances.append(try await instance(policy: policy)) }
        let all = instances
        let subject = try #require(Subject(integer: 1))
        let pairs = try await concurrently(30) { number in try? await all[number % 3].harness.login() }.compactMap(\.self)
        let live = try await all[0].engine.sessions(of: subject, after: nil, limit: 100).sessions.map(\.id)
        #expect((1...2).contains(live.count) && pairs.count > 2)
        for instance in all {
            try await instance.look()
            #expect(Set(pairs.map(\.session).filter { instance.loop.accepts($0, of: subject) }) == Set(live))
        }
    }

    @Test(.timeLimit(.minutes(10))) func itGoesOnAfterAnyFailureAndSaysSoTwice() async throws {
        let log = LogOfLines()
        let follower = RevocationFollower(
            of: store, clock: ManualClock(), maxStaleness: .seconds(30),
            enforcement: .init(enforce: { _ in }, look: { () throws(StoreError) in }), logger: Logger(label: "test") { _ in log })
        try await follower.start()
        store.cut()
        let service = Task { try await follower.run() }
        while log.lines.withLock({ $0.isEmpty }) { await Task.yield() }
        store.cut(nil)
        while log.lines.withLock({ $0.count }) < 2 { await Task.yield() }
        service.cancel()
        try await service.value
        #expect(log.lines.withLock { $0 } == ["warning revocations cannot be followed; it is tried again", "notice revocations are followed again"])
    }
}
