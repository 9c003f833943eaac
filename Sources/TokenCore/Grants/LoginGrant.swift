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
        /// The subject's families, when their number is limited; else empty.
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
        let epoch = latest(state.subject?.record.epoch, state.storeEpoch)
        let birth = max(now, epoch.map { $0 + .milliseconds(1) } ?? now)
        let family = Family(
            id: SessionID(birth: birth, partition: state.partition, random: randomness.session), subject: request.subject,
            client: request.client, seal: state.seal, salt: randomness.salt, attributes: request.attributes, policy: policy, now: now)
        var batch = WriteBatch(partition: state.partition, now: now)
        batch.writes.append(.put(family, over: .absent))
        limit(&batch, request, state, policy: policy, epoch: epoch, now: now)
        batch.events.append(
            Event(.issued, at: now, subject: request.subject.text, session: family.id, client: request.client?.text))
        return Decision(
            .success(PairOrder(family: family, generation: 0, policy: policy, tokenID: randomness.tokenID, now: now)), batch)
    }

    /// Makes the subject's record part of the compare-and-swap, and ends the oldest sessions when there would be too many.
    private static func limit(
        _ batch: inout WriteBatch, _ request: Request, _ state: State, policy: SessionPolicy, epoch: UnixTime?, now: UnixTime
    ) {
        let id = SubjectRecord.ID(request.subject, partition: state.partition)
        guard policy.maxPerSubject > 0 else {
            batch.writes.append(.expect(SubjectRecord.key(for: id), expecting: state.subject?.version ?? .absent))
            return
        }
        var record = state.subject?.record ?? SubjectRecord(subject: request.subject, partition: state.partition)
        record.keep(policy: policy, now: now)
        batch.writes.append(.put(record, over: state.subject?.version ?? .absent))
        let live = state.families.filter { $0.record.isLive(epoch: epoch, policy: policy, now: now) }
        let surplus = live.count - (policy.maxPerSubject - 1)
        guard surplus > 0 else { return }
        for old in live.sorted(by: { $0.record.id.high < $1.record.id.high }).prefix(surplus) {
            EndSession.end(old, because: .replaced, in: &batch, policy: policy, now: now)
        }
    }
}

/// The later of two times that may be missing.
package func latest(_ a: UnixTime?, _ b: UnixTime?) -> UnixTime? {
    switch (a, b) {
    case (let a?, let b?): max(a, b)
    default: a ?? b
    }
}
