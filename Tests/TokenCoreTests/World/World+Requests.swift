@testable import TokenCore

/// The requests of a world, in the steps of the engine: read, decide, commit.
extension World {
    /// What somebody asks for.
    enum Order: Hashable, Sendable {
        case login
        case refresh(SessionID, UInt32)
        case logout(SessionID)
        case endOne(SessionID)
        case logoutAll
    }

    /// What was answered.
    enum Answer: Hashable, Sendable {
        case pair(SessionID, UInt32)
        case refused
        case done
        case conflict
    }

    /// What a request read, as it was when it read it.
    struct Reading: Sendable {
        var subject: Versioned<SubjectRecord>?
        var families: [Versioned<Family>] = []
        var family: Versioned<Family>?
        /// The sessions that were alive when the request arrived: an order to end everything ends at least these.
        var before: Set<SessionID> = []
    }

    /// Reads the subject's record, which every login, refresh and epoch rests on.
    func readSubject(_ reading: inout Reading, now: UnixTime) throws(Violation) {
        reading.subject = try load(SubjectRecord.self, .init(Self.subject, partition: Self.partition), now: now)
    }

    /// Reads the families that an order is about.
    func readFamilies(_ reading: inout Reading, for order: Order, now: UnixTime) throws(Violation) {
        switch order {
        case .login: reading.families = policy.maxPerSubject > 0 ? try families(now: now) : []
        case .refresh(let id, _), .logout(let id), .endOne(let id): reading.family = try load(Family.self, id, now: now)
        case .logoutAll: break
        }
    }

    /// Decides on what was read and commits.
    mutating func finish(_ order: Order, _ reading: Reading, now: UnixTime) throws(Violation) -> Answer {
        switch order {
        case .login: try login(reading, now)
        case .refresh(let id, let generation): try refresh(id, generation, reading, now)
        case .logout(let id):
            try end(EndSession.logout(id, subject: Self.subject, reading.family, policy: givenPolicy, now: now), [id])
        case .endOne(let id):
            try end(
                EndSession.decide(id, reading.family, owner: Self.subject, because: .endedBySubject, policy: givenPolicy, now: now), [id])
        case .logoutAll:
            try end(
                EndSession.all(of: Self.subject, in: Self.partition, reading.subject, because: .logout, policy: givenPolicy, now: now), reading.before
            )
        }
    }

    /// A whole request with nobody else under way.
    mutating func perform(_ order: Order) throws(Violation) -> Answer {
        var reading = Reading(before: Set(handed.keys))
        try readSubject(&reading, now: now)
        try readFamilies(&reading, for: order, now: now)
        let answer = try finish(order, reading, now: now)
        try require(answer != .conflict, "a request that was alone met a conflict")
        return answer
    }

    private mutating func login(_ reading: Reading, _ now: UnixTime) throws(Violation) -> Answer {
        drawn += 1
        let state = LoginGrant.State(
            subject: reading.subject, families: reading.families, storeEpoch: nil, partition: Self.partition, seal: SealNumber(1))
        var decided = LoginGrant.decide(.init(subject: Self.subject), state, policy: givenPolicy, randomness: Self.chance(drawn), now: now)
        if fault == .bornAtTheEpoch, let epoch = reading.subject?.record.epoch {
            decided = LoginGrant.decide(
                .init(subject: Self.subject),
                .init(subject: nil, families: reading.families, storeEpoch: nil, partition: Self.partition, seal: SealNumber(1)),
                policy: givenPolicy, randomness: Self.chance(drawn), now: min(now, epoch))
            decided.batch.writes.removeAll { $0.key.kind == .subject }
        }
        guard case .success(let order) = decided.outcome else { throw Violation("a login was refused") }
        guard try commit(decided.batch) else { return .conflict }
        try issued(order, epoch: reading.subject?.record.epoch, now: now)
        noteEnds(in: decided.batch)
        return .pair(order.session, order.generation)
    }

    private mutating func refresh(_ id: SessionID, _ generation: UInt32, _ reading: Reading, _ now: UnixTime) throws(Violation) -> Answer {
        let known = fault == .ignoresEpoch ? withoutEpoch(reading.subject) : reading.subject
        let presented = PresentedRefreshToken(seal: SealNumber(1), family: id, generation: generation, innerTag: [])
        let decided = RefreshTokenGrant.decide(
            presented, .init(family: reading.family, isGenuine: true, subject: known, storeEpoch: nil), policy: givenPolicy,
            randomness: Self.chance(0), now: fault == .stopsClock ? Self.birth : now)
        if !decided.batch.isEmpty { guard try commit(decided.batch) else { return .conflict } }
        noteEnds(in: decided.batch)
        if decided.batch.events.contains(where: { $0.name == .reuseDetected }) {
            store.dead.insert(id)
            try require(
                decided.batch.revocations.contains { $0.target == .session(id) }, "canon 24: reuse ended a family without a revocation")
        }
        guard case .success(let order) = decided.outcome else { return .refused }
        try require(!decided.batch.events.isEmpty, "canon 60: tokens without an event")
        try issued(order, epoch: reading.subject?.record.epoch, now: now)
        try exchanged(id, generation, for: order.generation, now: now)
        return .pair(id, order.generation)
    }

    private mutating func end<T>(_ decided: Decision<T>, _ ended: Set<SessionID>) throws(Violation) -> Answer {
        guard case .success = decided.outcome else { return .refused }
        try require(!(decided.batch.revocations + decided.known).isEmpty && !decided.batch.writes.isEmpty, "an end was promised without a write")
        guard try commit(decided.batch) else { return .conflict }
        store.dead.formUnion(ended)
        noteEnds(in: decided.batch)
        return .done
    }

    /// Rows that a batch ended are promised to be over.
    private mutating func noteEnds(in batch: WriteBatch) {
        for case .put(let record, _) in batch.writes where record.key.kind == .family {
            if let family = try? Family(stored: record), case .revoked = family.life { store.dead.insert(family.id) }
        }
        for case .subject(_, let epoch) in batch.revocations.map(\.target) {
            store.dead.formUnion(handed.keys.filter { $0.birth <= epoch })
        }
    }

    private func withoutEpoch(_ read: Versioned<SubjectRecord>?) -> Versioned<SubjectRecord>? {
        guard var read else { return nil }
        read.record.epoch = nil
        return read
    }

    static func chance(_ number: UInt64) -> Randomness {
        Randomness(salt: [UInt8](repeating: 7, count: 16), session: number, tokenID: [UInt8](repeating: 9, count: 16))
    }
}
