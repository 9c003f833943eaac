/// What happens to a key ring: events go in, an order and what must be committed with the ring come out.
///
/// It waits for nothing, reads no clock and draws no key: `now` and new keys come in as values. Whoever drives it carries the order out, calls
/// `stage` with the result, and repeats until there is no order; then it commits the ring, the events and the revocations in one batch.
///
/// Rules, beside the invariants of `KeyRing`:
/// - a key signs only after `publishAhead` in the key set; the first one, and the spare in an emergency, at once;
/// - from the first key on, one unused key is always published (once every order is carried out);
/// - a key is accepted until every token it signed has expired, unless it is revoked;
/// - a key that no longer signs has no private half.
public struct KeyMachine: Hashable, Sendable {
    /// What the driver has to do before it commits.
    public enum Order: Hashable, Sendable {
        /// Make a key of this algorithm and `stage` it.
        case generate(algorithm: String)
    }

    /// What an event has changed beside the ring.
    public struct Changes: Hashable, Sendable {
        /// To be appended to the outbox, in order.
        public var events: [Event] = []
        /// To be appended to the revocation log.
        public var revocations: [RevocationEntry] = []
        /// What is missing yet.
        public var order: Order?

        /// No change.
        public init() {}

        /// These changes, then those; the later order stands.
        public mutating func append(_ later: Changes) {
            events += later.events
            revocations += later.revocations
            order = later.order
        }
    }

    /// The answer to an order to rotate.
    public enum Rotation: Hashable, Sendable {
        /// Another key signs now.
        case done
        /// The published key takes over by itself at that time, or as soon as there is room after it.
        case scheduled(UnixTime)
    }

    /// The answer to an emergency.
    public enum Revocation: Hashable, Sendable {
        /// It is out of the key set; if it was known to anybody, a revocation tells every validator.
        case done
        /// It was revoked before: nothing changed.
        case already
        /// No key of that name is in the ring.
        case unknown
    }

    /// The ring as it is after the last event.
    public internal(set) var ring: KeyRing
    /// The policy in force.
    public let policy: KeyPolicy

    /// A machine over a ring as it was read.
    public init(_ ring: KeyRing, policy: KeyPolicy) {
        self.ring = ring
        self.policy = policy
    }
}

extension KeyMachine {
    /// Time has passed.
    public mutating func tick(now: UnixTime) -> Changes { settle(now) }

    /// A key that was ordered is there. One of an algorithm no longer wanted, or one too many, is left out.
    public mutating func stage(_ key: RingKey, now: UnixTime) -> Changes {
        var changes = Changes()
        if wants(key) {
            ring.keys.append(key)
            changes.note(.keyStaged, key.id, now)
        }
        changes.append(settle(now))
        return changes
    }

    /// By order, another key shall sign: now, or as soon as the published one has been visible long enough.
    ///
    /// Repeated after its answer was lost, the order changes nothing more (canon 61): not while it is scheduled, nor within `publishAhead` of
    /// being carried out, before which another rotation could not be either.
    public mutating func rotate(now: UnixTime) -> (Changes, Rotation) {
        if case .signing(_, let since, let duty)? = ring.signing?.state, duty.cameByOrder, now < since + policy.publishAhead {
            return (settle(now), .done)
        }
        let before = ring.signing?.id
        if let index = ring.keys.firstIndex(where: \.isSigning), case .signing(let material, let since, var duty) = ring.keys[index].state {
            duty.isLeaving = true
            ring.keys[index].state = .signing(material, since: since, duty)
        }
        let changes = settle(now)
        guard before != nil, ring.signing?.id == before else { return (changes, .done) }
        guard case .published(_, let since)? = ring.published?.state else { return (changes, .scheduled(now + policy.publishAhead)) }
        return (changes, .scheduled(max(now, since + policy.publishAhead)))
    }

    /// In an emergency, a key is out of the key set at once, and nothing it signed is accepted any more. If it signed, the spare takes over.
    public mutating func revoke(_ id: KeyID, now: UnixTime) -> (Changes, Revocation) {
        guard let index = ring.keys.firstIndex(where: { $0.id == id }) else { return (settle(now), .unknown) }
        let key = ring.keys[index]
        if case .retired(_, .revoked) = key.state { return (settle(now), .already) }
        ring.keys[index].state = .retired(since: now, .revoked)
        var changes = Changes()
        changes.note(.keyRevoked, id, now)
        if !key.isStaged {
            let expiresAt = now + policy.memory(after: key.duty)
            changes.revocations.append(RevocationEntry(.key(id), expiresAt: max(expiresAt, key.acceptedUntil)))
        }
        changes.append(settle(now))
        return (changes, .done)
    }

    /// What tells a validator of a revoked key that it only learned of from the ring; nil for every other key.
    public func revocation(of key: RingKey) -> RevocationEntry? {
        guard case .retired(let since, .revoked) = key.state else { return nil }
        return RevocationEntry(.key(key.id), expiresAt: since + policy.memory(after: nil))
    }

    /// A private half was sealed again with another seal key. Nothing, if the key no longer has one.
    public mutating func reseal(_ id: KeyID, sealed: [UInt8]) {
        guard let index = ring.keys.firstIndex(where: { $0.id == id }) else { return }
        let material = RingKey.Material(sealed: sealed)
        switch ring.keys[index].state {
        case .staged: ring.keys[index].state = .staged(material)
        case .published(_, let since): ring.keys[index].state = .published(material, since: since)
        case .signing(_, let since, let duty): ring.keys[index].state = .signing(material, since: since, duty)
        case .verifying, .retired: break
        }
    }
}

extension RingKey {
    fileprivate var duty: Duty? { if case .signing(_, _, let duty) = state { duty } else { nil } }
    fileprivate var acceptedUntil: UnixTime { if case .verifying(_, let until) = state { until } else { .epoch } }
}

extension KeyMachine.Changes {
    mutating func note(_ name: Event.Name, _ id: KeyID, _ now: UnixTime) {
        events.append(Event(name, at: now, key: id.text))
    }
}
