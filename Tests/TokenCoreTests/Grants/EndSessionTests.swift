import Testing

@testable import TokenCore

@Suite struct EndSessionTests {
    let policy = SessionPolicy(accessLifetime: .seconds(900), refreshLifetime: .seconds(36_000), refreshGrace: .seconds(30))
    let id = RecordCodecTests.id
    let subject = RecordCodecTests.subject
    var now: UnixTime { id.birth + .seconds(100) }

    var family: Versioned<Family> {
        Versioned(
            Family(
                id: id, subject: subject, client: nil, seal: SealNumber(1), salt: Array(0..<16), attributes: .init(), policy: policy, now: id.birth),
            version: Version(1))
    }
    /// The same, over already.
    var over: Versioned<Family> {
        var family = family
        family.record.revoke(.administrator, policy: policy, now: now)
        return family
    }

    /// Canon 31: an order that finds the work done is done: it writes nothing, expects what it read, and is enforced here before it is reported.
    @Test func endingTwiceIsDoneAndKeepsTheFirstReason() throws {
        let decision = EndSession.decide(id, over, owner: subject, because: .logout, policy: policy, now: now + .seconds(1))
        try decision.outcome.get()
        #expect(decision.batch.writes == [.expect(Family.key(for: id), expecting: Version(1))])
        #expect(decision.batch.revocations.isEmpty && decision.batch.events.isEmpty, "the store grows with every repetition")
        #expect(decision.known.map(\.target) == [.session(id)], "this instance may not enforce it yet")
        #expect(over.record.life == .revoked(.administrator, at: now))
    }

    /// Canon 31: revoking a session kills its access tokens, and a token whose record is gone is answered alike.
    @Test func logoutOfAnUnknownSessionIsDoneAndRevokesItsToken() throws {
        let decision = EndSession.logout(id, subject: subject, nil, policy: policy, now: now)
        try decision.outcome.get()
        #expect(decision.batch.writes == [.expect(Family.key(for: id), expecting: .absent)])
        #expect(decision.batch.revocations == [RevocationEntry(.session(id), expiresAt: now + .seconds(900 + 30 + 60 + 1))])
        #expect(decision.batch.events.map(\.name) == [.revoked])
    }

    @Test func somebodyElsesSessionAnswersLikeAnUnknownOne() {
        let bob = Subject(text: "bob")!
        let others = EndSession.decide(id, family, owner: bob, because: .endedBySubject, policy: policy, now: now)
        let unknown = EndSession.decide(id, nil, owner: bob, because: .endedBySubject, policy: policy, now: now)
        guard case .failure(let first) = others.outcome, case .failure(let second) = unknown.outcome else { Issue.record("ended"); return }
        #expect(first == second && first.code == .notFound)
        #expect(others.batch == unknown.batch && others.batch.isEmpty)
    }

    @Test(arguments: Family.RevocationReason.allCases)
    func anEndWritesRowEntryAndEvent(_ reason: Family.RevocationReason) throws {
        let decision = EndSession.decide(id, family, owner: nil, because: reason, policy: policy, now: now)
        try decision.outcome.get()
        guard case .put(let stored, Version(1)) = try #require(decision.batch.writes.first) else { Issue.record("no put"); return }
        #expect(try Family(stored: stored).life == .revoked(reason, at: now))
        #expect(decision.batch.events.map(\.reason) == [reason.text])
    }

    /// A store that went back forgets rotations; the access tokens of those are alive nevertheless.
    @Test func aRevocationOutlivesTokensThatTheRecordForgot() {
        let late = id.birth + .seconds(5000)
        #expect(family.record.lastAccessEnd < late)
        for decision in [
            EndSession.logout(id, subject: subject, family, policy: policy, now: late),
            EndSession.logout(id, subject: subject, over, policy: policy, now: late),
        ] {
            let entries = decision.batch.revocations + decision.known
            #expect(entries.count == 1 && entries.allSatisfy { $0.expiresAt >= late + .seconds(960) })
        }
    }

    /// Canon 60: whatever ends something says so.
    @Test func theEndOfAllIsOneRecordOneEntryOneEvent() throws {
        let decision = EndSession.all(of: subject, in: id.partition, nil, because: .logout, policy: policy, now: now)
        #expect(try decision.outcome.get() == now)
        #expect(decision.batch.writes.count == 1 && decision.batch.events.map(\.reason) == ["logout_all"])
        #expect(decision.batch.revocations == [RevocationEntry(.subject(subject, upTo: now), expiresAt: now + .seconds(991))])
    }

    /// A login straight after an epoch is born a millisecond after it, which the clock may not have reached.
    @Test func everyEpochEndsWhatTheOneBeforeItLetLive() throws {
        var read: Versioned<SubjectRecord>?
        for _ in 0..<5 {
            let decision = EndSession.all(of: subject, in: id.partition, read, because: .logout, policy: policy, now: now)
            let epoch = try decision.outcome.get()
            guard case .put(let stored, _) = try #require(decision.batch.writes.first) else { Issue.record("no put"); return }
            let login = LoginGrant.decide(
                .init(subject: subject), .init(subject: read, storeEpoch: nil, partition: id.partition, seal: SealNumber(1)), policy: policy,
                randomness: World.chance(1), now: now)
            #expect(try login.outcome.get().session.birth <= epoch, "born before this epoch")
            read = Versioned(try SubjectRecord(stored: stored), version: stored.version)
        }
    }

    @Test func anEpochComesAfterThatOfTheWholeStore() throws {
        let decision = EndSession.all(of: subject, in: id.partition, nil, storeEpoch: now + .seconds(9), because: .logout, policy: policy, now: now)
        #expect(try decision.outcome.get() == now + .milliseconds(9001))
    }

    /// Tokens of an earlier configuration with a longer lifetime are still alive.
    @Test func anEpochIsRememberedForTheLongestLifetimeEverInForce() {
        var short = policy
        short.accessLifetime = .seconds(60)
        short.longestAccessLifetime = .seconds(3600)
        let all = EndSession.all(of: subject, in: id.partition, nil, because: .logout, policy: short, now: now)
        let one = EndSession.logout(id, subject: subject, nil, policy: short, now: now)
        for entry in all.batch.revocations + one.batch.revocations { #expect(entry.expiresAt >= now + .seconds(3660)) }
    }

    /// Sessions born with a longer lifetime than today's are dead as well, so the epoch stays until their rows are gone.
    @Test func anEpochStaysUntilTheReaperIsDone() {
        var record = SubjectRecord(subject: subject, partition: id.partition)
        _ = record.endAll(policy: policy, now: now)
        #expect(record.expiresAt == .distantFuture && record.indexKey == SubjectRecord.reaperIndex)
        record.awaitsReaper = false
        #expect(record.expiresAt == now + .seconds(36_060) && record.indexKey == nil)
    }
}
