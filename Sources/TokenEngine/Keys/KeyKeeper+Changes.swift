import JOSE
import Logging
import Synchronization
import TokenCore
import TokenSealing

extension KeyKeeper {
    /// The loop of every change: read, decide, make what is missing, commit, publish.
    func change<Answer: Sendable>(
        _ event: (inout KeyMachine, UnixTime) -> (KeyMachine.Changes, Answer)
    ) async throws(KeyKeeperError) -> Answer {
        for _ in 1...Self.attempts {
            let now = clock.now()
            let read = try await load()
            var machine = KeyMachine(read?.record ?? KeyRing(), policy: policy)
            var (changes, answer) = event(&machine, now)
            while case .generate(let algorithm)? = changes.order {
                let key = try make(algorithm, now)
                changes.append(machine.stage(key, now: now))
            }
            _ = machine.noteSealing(seals.current.number, now: now)
            try reseal(&machine)
            if let read, machine.ring == read.record {
                try await publish(machine, changes, version: read.version, now: now)
                return answer
            }
            let version = read?.version ?? .absent
            if try await commit(machine.ring, over: version, changes, now: now) {
                try await publish(machine, changes, version: version.next, now: now)
                return answer
            }
        }
        throw .store(.conflict)
    }

    func load() async throws(KeyKeeperError) -> Versioned<KeyRing>? {
        do { return try await store.load(KeyRing.self, id: (), now: clock.now()) } catch { throw .store(error) }
    }

    /// Commits; false when somebody else was faster.
    private func commit(
        _ ring: KeyRing, over version: Version, _ changes: KeyMachine.Changes, now: UnixTime
    ) async throws(KeyKeeperError) -> Bool {
        if let broken = ring.violations().first { preconditionFailure("a key ring in which this does not hold: \(broken)") }
        let batch = WriteBatch(
            partition: .control, now: now, writes: [.put(ring, over: version)], revocations: changes.revocations, events: changes.events)
        do {
            try await store.commit(batch)
            return true
        } catch .conflict {
            return false
        } catch {
            throw .store(error)
        }
    }

    /// Makes what was committed, by us or by another instance, the keys of this process. An older ring than the one in force is ignored.
    private func publish(_ machine: KeyMachine, _ changes: KeyMachine.Changes, version: Version, now: UnixTime) async throws(KeyKeeperError) {
        let before = state.withLock { state in
            state.lastLooked = max(state.lastLooked, now)
            return state.snapshot
        }
        guard version >= before.version else { return }
        // Whoever revokes hears of it after everybody else, also when a look at the ring saw it first and is still telling them.
        if version == before.version, before.signer != nil, changes.revocations.isEmpty { return }
        let next = try snapshot(of: machine.ring, version: version)
        let observers = state.withLock { state in
            if next.version >= state.snapshot.version { state.snapshot = next }
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
