import Testing

@testable import TokenCore

/// One refresh at a time: what is answered, what is written, what is told.
@Suite struct RefreshTokenGrantTests {
    let policy = SessionPolicy(accessLifetime: .seconds(900), refreshLifetime: .seconds(36_000), refreshGrace: .seconds(30))
    let birth = RecordCodecTests.id.birth
    let version = Version(4)

    func family(generation: UInt32 = 3, rotated: Duration = .seconds(1000), _ policy: SessionPolicy? = nil) -> Family {
        let policy = policy ?? self.policy
        var family = Family(
            id: RecordCodecTests.id, subject: RecordCodecTests.subject, client: ClientID("shop"), seal: SealNumber(1), salt: Array(0..<16),
            attributes: .init(scope: "a b", audience: "https://api"), policy: policy, now: birth)
        family.life = .active(generation: generation, rotatedAt: birth + rotated)
        family.activity.lastSeen = birth + rotated
        family.lastAccessEnd = policy.lastAccessEnd(now: birth + rotated, sessionEnd: family.end)
        return family
    }

    func present(
        _ generation: UInt32, to family: Family?, genuine: Bool = true, seal: UInt16 = 1, epoch: UnixTime? = nil, storeEpoch: UnixTime? = nil,
        policy: SessionPolicy? = nil, after: Duration = .seconds(2000)
    ) -> Decision<PairOrder> {
        var subject: Versioned<SubjectRecord>?
        if let epoch {
            var record = SubjectRecord(subject: RecordCodecTests.subject, partition: RecordCodecTests.id.partition)
            record.epoch = epoch
            subject = Versioned(record, version: Version(2))
        }
        return RefreshTokenGrant.decide(
            PresentedRefreshToken(seal: SealNumber(seal), family: RecordCodecTests.id, generation: generation, innerTag: []),
            .init(family: family.map { Versioned($0, version: version) }, isGenuine: genuine, subject: subject, storeEpoch: storeEpoch),
            policy: policy ?? self.policy, randomness: World.chance(1), now: birth + after)
    }

    func written(_ decision: Decision<PairOrder>) throws -> Family? {
        for case .put(let record, _) in decision.batch.writes where record.key.kind == .family { return try Family(stored: record) }
        return nil
    }

    @Test func theCurrentTokenRotates() throws {
        let decision = present(3, to: family())
        let order = try decision.outcome.get()
        #expect(order.generation == 4 && order.expiresAt == birth + .seconds(2900) && order.issuedAt == birth + .seconds(2000))
        #expect(try #require(try written(decision)).life == .active(generation: 4, rotatedAt: birth + .seconds(2000)))
        #expect(decision.batch.revocations.isEmpty)
        #expect(decision.batch.events.map(\.name) == [.refreshed])
        #expect(decision.batch.events.first?.count == 4)
    }

    /// DESIGN decision 2, and canon 27: the retry writes no family, so that any number of them are one.
    @Test func retryInsideTheWindowGetsTheSameSuccessorAndMovesNothing() throws {
        let decision = present(2, to: family(), after: .milliseconds(1_029_999))
        let order = try decision.outcome.get()
        #expect(order.generation == 3 && order.expiresAt == birth + .milliseconds(1_929_999), "the full lifetime, remembered by the row already")
        #expect(try written(decision) == nil)
        #expect(decision.batch.writes.contains(.expect(Family.key(for: RecordCodecTests.id), expecting: version)))
        #expect(decision.batch.events.map(\.name) == [.refreshRetried])
        let touches = decision.batch.writes.compactMap { if case .touch(_, let activity, _) = $0 { activity } else { nil } }
        #expect(touches == [Activity(lastSeen: birth + .milliseconds(1_029_999), retries: 1)])
    }

    /// Canon 24.
    @Test(arguments: [(2, 1_030_000), (2, 9_000_000), (1, 1_000_001), (0, 1_000_001)] as [(UInt32, Int64)])
    func replayedRefreshTokenRevokesTheFamily(_ generation: UInt32, _ after: Int64) throws {
        let decision = present(generation, to: family(), after: .milliseconds(after))
        #expect(throws: OAuthError.self) { try decision.outcome.get() }
        let family = try #require(try written(decision))
        #expect(family.life == .revoked(.reuse, at: birth + .milliseconds(after)))
        #expect(family.expiresAt >= family.lastAccessEnd)
        #expect(decision.batch.revocations.map(\.target) == [.session(family.id)])
        #expect(decision.batch.revocations[0].expiresAt > birth + .milliseconds(after))
        #expect(decision.batch.events.map(\.name) == [.reuseDetected])
    }

    @Test func withoutAWindowThereIsNoRetryEvenOnAClockThatIsBehind() throws {
        var strict = policy
        strict.refreshGrace = .zero
        for after in [999_999, 1_000_000, 1_000_001] as [Int64] {
            let decision = present(2, to: family(strict), policy: strict, after: .milliseconds(after))
            #expect(throws: OAuthError.self) { try decision.outcome.get() }
        }
    }

    private func family(_ policy: SessionPolicy) -> Family { family(generation: 3, policy) }

    @Test func aTokenAheadOfItsRecordMovesItForward() throws {
        let decision = present(7, to: family())
        #expect(try decision.outcome.get().generation == 8)
        #expect(try #require(try written(decision)).rotations == 8)
        #expect(decision.batch.events.map(\.name) == [.storeRollbackDetected, .refreshed])
    }

    @Test func theLastGenerationIsRefusedNotOverflown() {
        let decision = present(.max, to: family(generation: .max))
        #expect(throws: OAuthError.self) { try decision.outcome.get() }
        #expect(throws: OAuthError.self) { try present(.max, to: family()).outcome.get() }
        #expect((try? present(.max - 1, to: family()).outcome.get())?.generation == .max)
    }

    /// Canon 29: unknown, forged, expired, idle, ended by an epoch, revoked, reused: one answer.
    @Test func noAnswerTellsWhyATokenIsRefused() throws {
        var idle = policy
        idle.autoLogout = .seconds(600)
        var over = family()
        over.revoke(.logout, policy: policy, now: birth + .seconds(1001))
        let refusals = [
            present(3, to: nil), present(3, to: family(), genuine: false), present(3, to: family(), seal: 2), present(3, to: over),
            present(1, to: family()), present(3, to: family(), after: .seconds(36_000)), present(3, to: family(), policy: idle),
            present(3, to: family(), epoch: birth), present(3, to: family(), storeEpoch: birth), present(.max, to: family()),
        ]
        for refusal in refusals {
            guard case .failure(let error) = refusal.outcome else { Issue.record("issued"); continue }
            let expected = OAuthError.refreshTokenNotValid()
            #expect((error.code, error.description) == (expected.code, expected.description) && error.retryAfter == expected.retryAfter)
        }
        #expect(Set(refusals.map { "\($0.outcome)" }).count >= 8, "the details, for the log, do differ")
    }

    @Test func onlyReuseWritesWhenItIsRefused() {
        #expect(present(3, to: nil).batch.isEmpty)
        #expect(present(0, to: family(), genuine: false).batch.isEmpty, "a forged token ends nothing")
        #expect(present(0, to: family(), seal: 2).batch.isEmpty)
        #expect(present(3, to: family(), epoch: birth).batch.isEmpty)
    }

    @Test func anEpochEndsWhatWasBornAtItAndNothingLater() {
        for (offset, alive) in [(-1, true), (0, false), (1, false)] as [(Int64, Bool)] {
            #expect((try? present(3, to: family(), epoch: birth + .milliseconds(offset)).outcome.get()) != nil ? alive : !alive)
            #expect((try? present(3, to: family(), storeEpoch: birth + .milliseconds(offset)).outcome.get()) != nil ? alive : !alive)
        }
    }

    /// The subject's record is read and named, absent or not: an epoch is part of the compare-and-swap (canon 27).
    @Test func everyIssueExpectsTheSubjectsRecord() {
        let key = SubjectRecord.key(for: .init(RecordCodecTests.subject, partition: RecordCodecTests.id.partition))
        for generation in [UInt32(3), 5] {
            #expect(present(generation, to: family()).batch.writes.contains(.expect(key, expecting: .absent)))
            #expect(present(generation, to: family(), epoch: .epoch).batch.writes.contains(.expect(key, expecting: Version(2))))
        }
    }

    /// Canon 26: scope, audience and end are those of the login, however often it is refreshed; nothing in a refresh can widen them.
    @Test func aRefreshNeverWidensNorExtends() throws {
        var current = family()
        let (attributes, end) = (current.attributes, current.end)
        for step in 1...30 {
            let decision = present(current.rotations, to: current, after: .seconds(1000 * Int64(step) + 1000))
            let order = try decision.outcome.get()
            current = try #require(try written(decision))
            #expect(order.attributes == attributes && current.end == end && order.expiresAt <= end)
        }
        #expect(throws: OAuthError.self) { try present(current.rotations, to: current, after: .seconds(36_000)).outcome.get() }
    }

    /// The family is not written by a retry: a longer lifetime configured since the rotation must not outlive what the record remembers.
    @Test func aRetryUnderALongerLifetimeIsStillRemembered() throws {
        var longer = policy
        longer.accessLifetime = .seconds(7200)
        let family = family()
        let order = try present(2, to: family, policy: longer, after: .seconds(1010)).outcome.get()
        #expect(order.expiresAt + SessionPolicy.mostLeeway <= family.lastAccessEnd)
        #expect(order.expiresAt > birth + .seconds(1900))
    }
}
