/// Exchanges a refresh token for a new pair (RFC 6749 section 6, rotation per RFC 9700 section 4.14.2).
public enum RefreshTokenGrant {
    /// What was read for it.
    public struct State: Sendable {
        /// The family the token names; nil if there is none any more.
        public var family: Versioned<Family>?
        /// Whether the inner tag is the one that the family's salt and seal key give.
        public var isGenuine: Bool
        /// The subject's record; nil if there is none.
        public var subject: Versioned<SubjectRecord>?
        /// The epoch of the whole store.
        public var storeEpoch: UnixTime?

        /// What was read.
        public init(family: Versioned<Family>?, isGenuine: Bool, subject: Versioned<SubjectRecord>?, storeEpoch: UnixTime?) {
            self.family = family
            self.isGenuine = isGenuine
            self.subject = subject
            self.storeEpoch = storeEpoch
        }
    }

    /// Decides a refresh.
    ///
    /// - Returns: what to issue, or why not; a refusal may still end the family.
    public static func decide(
        _ presented: PresentedRefreshToken, _ state: State, policy: SessionPolicy, randomness: Randomness, now: UnixTime
    ) -> Decision<PairOrder> {
        var batch = WriteBatch(partition: presented.family.partition, now: now)
        guard let read = state.family else { return refused("no family \(presented.family)", batch) }
        guard state.isGenuine, read.record.seal == presented.seal else {
            return refused("the inner tag of family \(presented.family) is wrong", batch)
        }
        var family = read.record
        let epoch = latest(state.subject?.record.epoch, state.storeEpoch)
        let action = family.refresh(presenting: presented.generation, epoch: epoch, policy: policy, now: now)
        let subjectKey = SubjectRecord.key(for: .init(family.subject, partition: family.id.partition))
        batch.writes.append(.expect(subjectKey, expecting: state.subject?.version ?? .absent))
        switch action {
        case .rotate(let generation):
            batch.writes.append(.put(family, over: read.version))
            batch.events.append(event(.refreshed, family, generation, now))
            return issue(family, generation)
        case .moveForward(let generation):
            batch.writes.append(.put(family, over: read.version))
            batch.events.append(event(.storeRollbackDetected, family, generation - 1, now))
            batch.events.append(event(.refreshed, family, generation, now))
            return issue(family, generation)
        case .repeatSuccessor(let generation):
            let seen = Activity(lastSeen: now, retries: 1)
            batch.writes.append(.expect(family.key, expecting: read.version))
            batch.writes.append(.touch(family.key, seen, extendingTo: min(family.end, policy.idleEnd(lastSeen: now))))
            batch.events.append(event(.refreshRetried, family, generation, now))
            return issue(family, generation)
        case .rejectReuse:
            batch.writes.append(.put(family, over: read.version))
            batch.revocations.append(RevocationEntry(.session(family.id), expiresAt: family.revocationEnd(policy: policy, now: now)))
            batch.events.append(event(.reuseDetected, family, presented.generation, now))
            return refused("family \(family.id) revoked: reuse of generation \(presented.generation)", batch)
        case .reject(let why):
            batch.writes = []
            return refused("family \(family.id): \(why)", batch)
        }

        func issue(_ family: Family, _ generation: UInt32) -> Decision<PairOrder> {
            let order = PairOrder(family: family, generation: generation, policy: policy, tokenID: randomness.tokenID, now: now)
            return Decision(.success(order), batch)
        }
    }

    private static func refused(_ why: String, _ batch: WriteBatch) -> Decision<PairOrder> {
        Decision(.failure(.refreshTokenNotValid(detail: why)), batch)
    }

    private static func event(_ name: Event.Name, _ family: Family, _ generation: UInt32, _ now: UnixTime) -> Event {
        Event(
            name, at: now, subject: family.subject.text, session: family.id, client: family.client?.text, count: UInt64(generation))
    }
}
