/// Begins a session for a subject that the caller vouches for.
public enum LoginGrant {
    /// What a login asks for.
    public struct Request: Sendable, Hashable {
        /// Whom the session is about.
        public var subject: Subject
        /// Which client asks, when one had to authenticate.
        public var client: ClientID?
        /// What the caller chose.
        public var attributes: Family.Attributes

        /// A request whose bounds the border has checked.
        public init(subject: Subject, client: ClientID? = nil, attributes: Family.Attributes = .init()) {
            self.subject = subject
            self.client = client
            self.attributes = attributes
        }
    }

    /// What was read for it.
    public struct State: Sendable {
        /// The subject's record with its version; nil if there is none.
        public var subject: Versioned<SubjectRecord>?
        /// All of the subject's families, read *after* its record, when their number is limited; else empty. The other way round, the record's
        /// version would not vouch for them.
        public var families: [Versioned<Family>]
        /// The epoch of the whole store.
        public var storeEpoch: UnixTime?
        /// The subject's partition.
        public var partition: Partition
        /// The seal key that new families are born with.
        public var seal: SealNumber

        /// What was read.
        public init(
            subject: Versioned<SubjectRecord>?, families: [Versioned<Family>] = [], storeEpoch: UnixTime?, partition: Partition, seal: SealNumber
        ) {
            self.subject = subject
            self.families = families
            self.storeEpoch = storeEpoch
            self.partition = partition
            self.seal = seal
        }
    }

    /// Decides a login. Never refuses: who may log in was decided at the border.
    ///
    /// A family created after an epoch is born a millisecond after it at the earliest, so that "born at or before" stays exact.
    public static func decide(
        _ request: Request, _ state: State, policy: SessionPolicy, randomness: Randomness, now: UnixTime
    ) -> Decision<PairOrder> {
        var batch = WriteBatch(partition: state.partition, now: now)
        let epoch = makeRoom(&batch, request, state, policy: policy, now: now)
        let birth = max(now, epoch.map { $0 + .milliseconds(1) } ?? now)
        let family = Family(
            id: SessionID(birth: birth, partition: state.partition, random: randomness.session), subject: request.subject,
            client: request.client, seal: state.seal, salt: randomness.salt, attributes: request.attributes, policy: policy, now: now)
        batch.writes.append(.put(family, over: .absent))
        batch.events.append(
            Event(.issued, at: now, subject: request.subject.text, session: family.id, client: request.client?.text))
        return Decision(
            .success(PairOrder(family: family, generation: 0, policy: policy, tokenID: randomness.tokenID, now: now)), batch)
    }

    /// The most sessions that one login ends one by one, well within a batch's bounds. More there are only after the limit was lowered.
    static let mostEndedSingly = 128

    /// Makes the subject's record part of the compare-and-swap, and ends the oldest sessions when there would be too many.
    ///
    /// - Returns: the latest epoch that concerns the subject, after whose birth the new family is born.
    private static func makeRoom(
        _ batch: inout WriteBatch, _ request: Request, _ state: State, policy: SessionPolicy, now: UnixTime
    ) -> UnixTime? {
        let epoch = latest(state.subject?.record.epoch, state.storeEpoch)
        let id = SubjectRecord.ID(request.subject, partition: state.partition)
        guard policy.maxPerSubject > 0 else {
            batch.writes.append(.expect(SubjectRecord.key(for: id), expecting: state.subject?.version ?? .absent))
            return epoch
        }
        var record = state.subject?.record ?? SubjectRecord(subject: request.subject, partition: state.partition)
        record.keep(policy: policy, now: now)
        defer { batch.writes.append(.put(record, over: state.subject?.version ?? .absent)) }
        let surplus = surplus(of: state.families, epoch: epoch, policy: policy, now: now)
        guard surplus.count > mostEndedSingly, let youngest = surplus.last?.record.id.birth else {
            for old in surplus { EndSession.end(old, because: .replaced, in: &batch, policy: policy, now: now) }
            return epoch
        }
        record.end(upTo: youngest, policy: policy)
        EndSession.announce(youngest, of: request.subject, because: .replaced, in: &batch, policy: policy, now: now)
        return latest(epoch, youngest)
    }

    /// The oldest live sessions that must end so that one more keeps to the limit, oldest first.
    private static func surplus(
        of families: [Versioned<Family>], epoch: UnixTime?, policy: SessionPolicy, now: UnixTime
    ) -> ArraySlice<Versioned<Family>> {
        let live = families.filter { $0.record.isLive(epoch: epoch, policy: policy, now: now) }
        // Of those born in one millisecond, the one that was longest not seen.
        let oldestFirst = live.map { (order: ($0.record.id.birth, $0.record.activity.lastSeen, $0.record.id.low), family: $0) }
            .sorted { $0.order < $1.order }.map(\.family)
        return oldestFirst.prefix(max(0, live.count - (policy.maxPerSubject - 1)))
    }
}

/// The later of two times that may be missing.
package func latest(_ a: UnixTime?, _ b: UnixTime?) -> UnixTime? {
    switch (a, b) {
    case (let a?, let b?): max(a, b)
    default: a ?? b
    }
}
