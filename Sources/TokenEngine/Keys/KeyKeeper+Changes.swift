import JOSE
import Logging
import Synchronization
import TokenCore
import TokenSealing

extension KeyKeeper {
    /// How much earlier than anybody else the leader notes that its seal key is needed: so that the others find it noted.
    private static let leadersHeadStart = Duration.seconds(60)

    /// What a look at the ring found.
    private struct Look {
        /// The version in force here before it.
        let known: Version
        let ring: Versioned<KeyRing>?

        /// Whether the store has gone back behind what is in force here: no other look or change of this process explains it.
        var wentBack: Bool { (ring?.version ?? .absent) < known }
    }

    /// Carries out an order of an administrator, on whichever instance it arrives. One that finds its work done rests on what somebody else wrote.
    func order<Answer: Sendable>(
        _ event: (inout KeyMachine, UnixTime) -> (KeyMachine.Changes, Answer)
    ) async throws(KeyKeeperError) -> Answer {
        let answer = try await change(under: { nil }, { machine, now, _ in event(&machine, now) })
        if !answer.isCommitted {
            do { try await store.confirm(.control) } catch { throw .store(error) }
        }
        return answer.value
    }

    /// Lets time pass for the keys, if that is this instance's work, or makes the first. What the configuration of this instance alone asks for, it
    /// does itself: the use of its seal key is noted, and what an older one sealed is sealed again.
    func passTime() async throws(KeyKeeperError) {
        let waits = clock.isBehind
        _ = try await change(under: { self.leadership?.fence(.keys) }) { machine, now, fence in
            let leads = self.leadership == nil || fence != nil
            return (machine.ring.keys.isEmpty || leads && !waits ? machine.tick(now: now) : .init(), ())
        }
    }

    /// The loop of every change: read, decide, make what is missing, commit, publish.
    ///
    /// - Parameter lease: the fencing number to commit under, asked for each attempt: every renewal changes it.
    private func change<Answer: Sendable>(
        under lease: () -> Version?, _ event: (inout KeyMachine, UnixTime, Version?) -> (KeyMachine.Changes, Answer)
    ) async throws(KeyKeeperError) -> (value: Answer, isCommitted: Bool) {
        for _ in 1...Self.attempts {
            let (now, fence) = (clock.now(), lease())
            let look = try await look()
            var machine = KeyMachine(look.ring?.record ?? KeyRing(), policy: policy)
            var (changes, answer) = event(&machine, now, fence)
            while case .generate(let algorithm)? = changes.order {
                let key = try make(algorithm, now)
                changes.append(machine.stage(key, now: now))
            }
            _ = machine.noteSealing(seals.current.number, now: fence == nil ? now : now + Self.leadersHeadStart)
            try reseal(&machine)
            if let read = look.ring, machine.ring == read.record {
                try await publish(machine, changes, version: read.version, after: look, now: now)
                return (answer, false)
            }
            let version = look.ring?.version ?? .absent
            if try await commit(machine.ring, over: version, changes, under: fence, now: now) {
                try await publish(machine, changes, version: version.next, after: look, now: now)
                return (answer, true)
            }
        }
        throw .store(.conflict)
    }

    /// Reads the ring. One that is in force here already is not decoded again: such a look costs no more than the load.
    private func look() async throws(KeyKeeperError) -> Look {
        let (known, bytes) = state.withLock { ($0.snapshot, $0.bytes) }
        do {
            let stored = try await store.load([KeyRing.key(for: ())], now: clock.now())[0]
            if let stored {
                // A store that went back may have come to the same version by another way.
                let isKnown = stored.version == known.version && stored.body == bytes
                return Look(known: known.version, ring: Versioned(isKnown ? known.ring : try KeyRing(stored: stored), version: stored.version))
            }
        } catch {
            throw .store(error)
        }
        // A second set of keys would end every session without a word. Whoever emptied the store has to restart us.
        guard known.version == .absent else { throw .store(.unavailable("the key ring is gone: the store is not the one of the start")) }
        return Look(known: known.version, ring: nil)
    }

    /// The ring as it is stored; nil before the first.
    func load() async throws(KeyKeeperError) -> KeyRing? { try await look().ring?.record }

    /// Commits; false when somebody else was faster, or when the lease is no longer ours.
    private func commit(
        _ ring: KeyRing, over version: Version, _ changes: KeyMachine.Changes, under fence: Version?, now: UnixTime
    ) async throws(KeyKeeperError) -> Bool {
        if let broken = ring.violations().first { preconditionFailure("a key ring in which this does not hold: \(broken)") }
        var batch = WriteBatch(
            partition: .control, now: now, writes: [.put(ring, over: version)], revocations: changes.revocations, events: changes.events)
        if let fence { batch.writes.append(.expect(LeaseRecord.key(for: .keys), expecting: fence)) }
        do {
            try await store.commit(batch)
            return true
        } catch .conflict {
            return false
        } catch {
            // What may have been revoked is refused here nevertheless: the caller, who does not know either, repeats the order.
            if case .outcomeUnknown = error, !changes.revocations.isEmpty { await tellOf(changes.revocations) }
            throw .store(error)
        }
    }

    private func tellOf(_ revocations: [RevocationEntry]) async {
        let (snapshot, observers) = state.withLock { ($0.snapshot, $0.observers) }
        for observe in observers { await observe(KeyChange(snapshot: snapshot, revocations: revocations, events: [])) }
    }

    /// Makes what was committed, by us or by another instance, the keys of this process. An older ring than the one in force is ignored: a slower
    /// look has brought it. When the store itself has gone back, what it has counts: with other keys this instance would be alone.
    private func publish(
        _ machine: KeyMachine, _ changes: KeyMachine.Changes, version: Version, after look: Look, now: UnixTime
    ) async throws(KeyKeeperError) {
        let before = state.withLock { state in
            state.lastLooked = max(state.lastLooked, now)
            return state.snapshot
        }
        let counts = { (inForce: Version) in version >= inForce || look.wentBack && inForce == look.known }
        guard counts(before.version) else { return }
        // Whoever revokes hears of it after everybody else, also when a look at the ring saw it first and is still telling them.
        if version == before.version, machine.ring == before.ring, before.signer != nil, changes.revocations.isEmpty { return }
        if look.wentBack {
            logger.error("the key ring went back with the store; its keys are those in force", metadata: ["version": "\(version.number)"])
        }
        let next = try snapshot(of: machine.ring, version: version)
        let observers = state.withLock { state in
            if counts(state.snapshot.version) { (state.snapshot, state.bytes) = (next, machine.ring.encoded()) }
            state.opened = state.opened.filter { machine.ring[$0.key]?.material != nil }
            return state.observers
        }
        let news = machine.ring.keys.filter { $0 != before.ring[$0.id] }
        let change = KeyChange(
            snapshot: next, revocations: changes.revocations + news.compactMap { machine.revocation(of: $0) }, events: changes.events)
        for observe in observers { await observe(change) }
    }

    private func snapshot(of ring: KeyRing, version: Version) throws(KeyKeeperError) -> KeySnapshot {
        var signer: (any Signer)?
        if let key = ring.signing {
            // Another instance may seal with a key that our file does not have yet: we verify, and do not issue.
            do { signer = LocalSigner(key: try open(key)) } catch {
                logger.error("the signing key cannot be opened; nothing is issued here", metadata: ["key": "\(key.id)", "error": "\(error)"])
            }
        }
        do { return try KeySnapshot(ring, version: version, signer: signer, maxAge: policy.cacheLifetime) } catch { throw .key(error) }
    }
}
