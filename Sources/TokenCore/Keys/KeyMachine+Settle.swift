/// What follows from time and state alone: after every event the ring is brought to rest.
extension KeyMachine {
    /// Lets every key take the steps that are due, then says what is missing.
    mutating func settle(_ now: UnixTime) -> Changes {
        var changes = Changes()
        noteLongestToken()
        retireOutlived(now, &changes)
        forgetRetired(now, &changes)
        dropUnwantedSpare(now, &changes)
        while publishStaged(now, &changes) || handOver(now, &changes) {}
        makeRoom(now, &changes)
        if ring.published == nil { changes.order = .generate(algorithm: policy.algorithm) }
        return changes
    }

    /// A longer access lifetime in the configuration counts for the key that signs now.
    private mutating func noteLongestToken() {
        guard let index = ring.keys.firstIndex(where: \.isSigning),
            case .signing(let material, let since, var duty) = ring.keys[index].state, duty.longestToken < policy.accessLifetime
        else { return }
        duty.longestToken = policy.accessLifetime
        ring.keys[index].state = .signing(material, since: since, duty)
    }

    private mutating func retireOutlived(_ now: UnixTime, _ changes: inout Changes) {
        for index in ring.keys.indices {
            guard case .verifying(_, let until) = ring.keys[index].state, until <= now else { continue }
            ring.keys[index].state = .retired(since: now, .outlived)
            changes.note(.keyRetired, ring.keys[index].id, now)
        }
    }

    private mutating func forgetRetired(_ now: UnixTime, _ changes: inout Changes) {
        let outdated = ring.keys.filter { $0.isRetired && $0.retiredAt + policy.remembered <= now }
        destroy(outdated, now, &changes)
    }

    /// An unused key of an algorithm no longer wanted makes way. Not before `publishAhead`, so that two instances which are
    /// configured differently, in the middle of a roll-out, do not make a key at every tick; and not while no key signs.
    private mutating func dropUnwantedSpare(_ now: UnixTime, _ changes: inout Changes) {
        guard ring.signing != nil else { return }
        let unwanted = ring.keys.filter { key in
            guard case .published(_, let since) = key.state else { return false }
            return key.algorithm != policy.algorithm && since + policy.publishAhead <= now
        }
        destroy(unwanted, now, &changes)
    }

    private mutating func publishStaged(_ now: UnixTime, _ changes: inout Changes) -> Bool {
        guard ring.published == nil, let index = ring.keys.firstIndex(where: \.isStaged), case .staged(let material) = ring.keys[index].state else {
            return false
        }
        ring.keys[index].state = .published(material, since: now)
        changes.note(.keyPublished, ring.keys[index].id, now)
        return true
    }

    /// The published key takes over when it may and should, and when no key signs.
    private mutating func handOver(_ now: UnixTime, _ changes: inout Changes) -> Bool {
        guard let next = ring.keys.firstIndex(where: \.isPublished), case .published(let material, let since) = ring.keys[next].state else {
            return false
        }
        var successor = RingKey.Duty(longestToken: policy.accessLifetime)
        if let index = ring.keys.firstIndex(where: \.isSigning), case .signing(_, let began, let duty) = ring.keys[index].state {
            guard since + policy.publishAhead <= now, hasRoomToRotate,
                isDue(ring.keys[index], since: began, duty, now), ring.keys[next].algorithm == policy.algorithm
            else { return false }
            ring.keys[index].state = .verifying(since: now, until: now + policy.overlap(after: duty))
            changes.note(.keyVerifying, ring.keys[index].id, now)
            successor.cameByOrder = duty.isLeaving
        }
        ring.keys[next].state = .signing(material, since: now, successor)
        changes.note(.keySigning, ring.keys[next].id, now)
        return true
    }

    private func isDue(_ key: RingKey, since: UnixTime, _ duty: RingKey.Duty, _ now: UnixTime) -> Bool {
        if duty.isLeaving || key.algorithm != policy.algorithm { return true }
        return policy.rotateEvery.map { since + $0 <= now } ?? false
    }

    /// Whether `stage` takes the key: of the wanted algorithm, new, and the only one that waits.
    func wants(_ key: RingKey) -> Bool {
        key.isStaged && key.algorithm == policy.algorithm && ring[key.id] == nil && ring.published == nil && !ring.keys.contains(where: \.isStaged)
    }

    /// After a rotation there must be room for its successor's spare; retired keys give theirs up.
    private var hasRoomToRotate: Bool { ring.keys.filter { !$0.isRetired }.count < KeyRing.most }

    /// Retired keys leave early when the ring is full, the longest retired first, so that a new key always fits.
    private mutating func makeRoom(_ now: UnixTime, _ changes: inout Changes) {
        while ring.keys.count >= KeyRing.most, let oldest = ring.keys.filter(\.isRetired).min(by: { $0.retiredAt < $1.retiredAt }) {
            destroy([oldest], now, &changes)
        }
    }

    private mutating func destroy(_ gone: [RingKey], _ now: UnixTime, _ changes: inout Changes) {
        for key in gone { changes.note(.keyDestroyed, key.id, now) }
        ring.keys.removeAll { gone.contains($0) }
    }
}

extension RingKey {
    fileprivate var retiredAt: UnixTime { if case .retired(let since, _) = state { since } else { .distantFuture } }
}
