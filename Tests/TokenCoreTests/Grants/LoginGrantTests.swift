import Testing

@testable import TokenCore

@Suite struct LoginGrantTests {
    let subject = RecordCodecTests.subject
    let partition = RecordCodecTests.id.partition
    let now = RecordCodecTests.id.birth

    func families(_ count: Int, _ policy: SessionPolicy) -> [Versioned<Family>] {
        (0..<count).map { index in
            let birth = now - .seconds(Int64(count - index))
            return Versioned(
                Family(
                    id: SessionID(birth: birth, partition: partition, random: UInt64(index)), subject: subject, client: nil, seal: SealNumber(1),
                    salt: Array(0..<16), attributes: .init(), policy: policy, now: birth), version: Version(1))
        }
    }

    func login(_ policy: SessionPolicy, _ families: [Versioned<Family>] = [], subject record: SubjectRecord? = nil, storeEpoch: UnixTime? = nil)
        -> Decision<PairOrder>
    {
        LoginGrant.decide(
            .init(subject: subject, client: ClientID("shop"), attributes: .init(scope: "a")),
            .init(
                subject: record.map { Versioned($0, version: Version(3)) }, families: families, storeEpoch: storeEpoch, partition: partition,
                seal: SealNumber(2)), policy: policy, randomness: World.chance(5), now: now)
    }

    @Test func aLoginIssuesGenerationZeroAndSaysSo() throws {
        let decision = login(SessionPolicy())
        let order = try decision.outcome.get()
        #expect(order.generation == 0 && order.seal == SealNumber(2) && order.session.birth == now && order.session.partition == partition)
        #expect(decision.batch.events.map(\.name) == [.issued] && decision.batch.revocations.isEmpty)
        let key = SubjectRecord.key(for: .init(subject, partition: partition))
        #expect(decision.batch.writes.contains(.expect(key, expecting: .absent)), "an epoch is part of its compare-and-swap")
    }

    @Test func aLoginAfterAnEpochIsBornAfterIt() throws {
        for offset in [-1, 0, 1, 5000] as [Int64] {
            var record = SubjectRecord(subject: subject, partition: partition)
            record.epoch = now + .milliseconds(offset)
            let expected = max(now, now + .milliseconds(offset + 1))
            #expect(try login(SessionPolicy(), subject: record).outcome.get().session.birth == expected)
            #expect(try login(SessionPolicy(), storeEpoch: now + .milliseconds(offset)).outcome.get().session.birth == expected)
        }
    }

    @Test(arguments: 1...4, 0...5)
    func theOldestMakeRoom(_ most: Int, _ before: Int) throws {
        let policy = SessionPolicy(maxPerSubject: most)
        let families = families(before, policy)
        let decision = login(policy, families.reversed())
        let ended = max(0, before - most + 1)
        #expect(decision.batch.revocations.map(\.target) == families.prefix(ended).map { .session($0.record.id) })
        #expect(decision.batch.events.map(\.name) == Array(repeating: .revoked, count: ended) + [.issued])
        #expect(decision.batch.writes.contains { if case .put(let record, _) = $0 { record.key.kind == .subject } else { false } })
    }

    @Test func sessionsThatAreOverTakeNoRoom() {
        var policy = SessionPolicy(maxPerSubject: 2)
        policy.autoLogout = .seconds(3600)
        var families = families(3, policy)
        families[0].record.revoke(.logout, policy: policy, now: now)
        families[1].record.activity.lastSeen = now - .seconds(36_000)
        #expect(login(policy, families).batch.revocations.isEmpty)
    }

    /// After the limit was lowered there may be more to end than a batch may carry: an epoch ends them.
    @Test(arguments: [128, 129, 2000])
    func aLoweredLimitEndsAnyNumber(_ before: Int) throws {
        let policy = SessionPolicy(maxPerSubject: 1)
        let families = families(before, policy)
        let decision = login(policy, families)
        decision.batch.checkBounds()
        var view = RevocationView()
        for entry in decision.batch.revocations { view.apply(entry) }
        let key = try #require(KeyID("k"))
        #expect(families.allSatisfy { view.isRevoked(session: $0.record.id, subject: subject, client: nil, key: key) })
        let born = try decision.outcome.get().session
        #expect(!view.isRevoked(session: born, subject: subject, client: nil, key: key))
        #expect((decision.batch.revocations.count == 1) == (before > LoginGrant.mostEndedSingly))
    }

    @Test func aLoweredLimitLeavesTheYoungestAlive() throws {
        let policy = SessionPolicy(maxPerSubject: 3)
        let families = families(300, policy)
        let decision = login(policy, families)
        for case .put(let stored, _) in decision.batch.writes where stored.key.kind == .subject {
            let epoch = try SubjectRecord(stored: stored).epoch
            #expect(
                families.filter { $0.record.isLive(epoch: epoch, policy: policy, now: now) }.map(\.record.id) == families.suffix(2).map(\.record.id))
        }
    }

    /// Canon 26: births behind an epoch that lies ahead of the clock make no session live longer, and the one not seen for longest makes room.
    @Test func anEpochAheadOfTheClockLengthensNoLife() throws {
        let policy = SessionPolicy(maxPerSubject: 2)
        let ahead = now + .seconds(365 * 86_400)
        func family(_ random: UInt64, seen: UnixTime) -> Versioned<Family> {
            var family = Family(
                id: SessionID(birth: ahead + .milliseconds(1), partition: partition, random: random), subject: subject, client: nil,
                seal: SealNumber(1), salt: Array(0..<16), attributes: .init(), policy: policy, now: now)
            family.activity.lastSeen = seen
            return Versioned(family, version: Version(1))
        }
        let older = family(9, seen: now - .seconds(9)), newer = family(1, seen: now - .seconds(1))
        #expect(older.record.end == now + policy.refreshLifetime)
        let decision = login(policy, [newer, older], storeEpoch: ahead)
        #expect(try decision.outcome.get().session.birth == ahead + .milliseconds(1))
        #expect(decision.batch.revocations.map(\.target) == [.session(older.record.id)])
    }
}
