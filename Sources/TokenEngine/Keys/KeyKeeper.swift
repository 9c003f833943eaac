import JOSE
public import Logging
public import ServiceLifecycle
public import TokenCore
public import TokenSealing
import Synchronization

/// Keeps the signing keys: loads the ring, opens and makes keys, lets time pass for them, and tells everybody.
///
/// `KeyMachine` decides; the store's compare-and-swap elects whoever carries a change out, so any number of instances may run one each. What is
/// committed is published before the caller hears of it: an emergency revocation is in force in this process when `revoke` returns.
public final class KeyKeeper: Service {
    private struct State {
        var snapshot = KeySnapshot.empty
        /// Private keys that have been opened: of the ring's, those that may still sign.
        var opened: [KeyID: SigningKey] = [:]
        var observers: [@Sendable (KeyChange) async -> Void] = []
        /// When the ring was last read or written.
        var lastLooked: UnixTime = .epoch
    }

    /// How often a change is decided again after another instance was faster: three times.
    static let attempts = 4
    /// The pause between two looks at the ring: far below `KeyPolicy.lag`, and one read of one record.
    static let pause = Duration.seconds(5)

    let store: any RecordStore
    let seals: SealKeys
    /// The policy in force.
    public let policy: KeyPolicy
    let clock: any WallClock
    private let sealer: RecordSealer
    private let logger: Logger
    /// Guards the state for one read or one replacement; nothing is awaited, opened or signed inside.
    private let state = Mutex(State())

    /// A keeper of the keys in `store`. Nothing is read before `start`.
    public init(store: any RecordStore, seals: SealKeys, policy: KeyPolicy, clock: any WallClock, logger: Logger) {
        self.store = store
        self.seals = seals
        self.policy = policy
        self.clock = clock
        self.logger = logger
        sealer = RecordSealer(seals)
    }

    /// The keys as they stand. Cheap; callable from any thread.
    public var snapshot: KeySnapshot { state.withLock { $0.snapshot } }

    /// Loads the keys, or makes the first. When it returns, a key signs and a spare is published.
    ///
    /// - Throws: when the store cannot be read or written; when it has a ring that this seal file does not open, and then nothing is changed.
    public func start() async throws(KeyKeeperError) {
        if let ring = try await load()?.record { try check(ring, now: clock.now()) }
        try await tick()
    }

    /// Keeps the keys until the service group shuts down.
    public func run() async throws {
        try await Keeper("keys", every: Self.pause, logger: logger) { try await self.tick() }.run()
    }

    /// Has another key sign: now if the published one has been visible long enough, else as soon as it has.
    public func rotate() async throws(KeyKeeperError) -> KeyMachine.Rotation {
        try await change { machine, now in machine.rotate(now: now) }
    }

    /// In an emergency: the key is out of the key set at once and nothing that it signed is accepted. When this returns, everybody who was added
    /// with `onChange` enforces it.
    public func revoke(_ id: KeyID) async throws(KeyKeeperError) -> KeyMachine.Revocation {
        try await change { machine, now in machine.revoke(id, now: now) }
    }

    /// Tells somebody of the keys now and of every change; whoever asked for a change hears of it after everybody has returned.
    public func onChange(_ observe: @escaping @Sendable (KeyChange) async -> Void) async {
        let snapshot = state.withLock { state in
            state.observers.append(observe)
            return state.snapshot
        }
        await observe(KeyChange(snapshot: snapshot, revocations: [], events: []))
    }

    /// Lets time pass for the keys.
    ///
    /// When the ring could not be read for longer than `KeyPolicy.lag`, nothing is signed any more: another instance may have relieved the key.
    func tick() async throws(KeyKeeperError) {
        do {
            try await change { machine, now in (machine.tick(now: now), ()) }
        } catch {
            let now = clock.now()
            let stopped = state.withLock { state in
                guard state.snapshot.signer != nil, now - state.lastLooked > policy.lag else { return false }
                state.snapshot = state.snapshot.withoutSigner
                return true
            }
            if stopped { logger.error("the key ring was out of sight for too long; nothing is signed until it is read again") }
            throw error
        }
    }
}

extension KeyKeeper: SignerSource {
    /// The signer of the key in state `signing`; nil while there is none.
    public var signer: (any Signer)? { snapshot.signer }
}

extension KeyKeeper {
    /// The loop of every change: read, decide, make what is missing, commit, publish.
    private func change<Answer: Sendable>(
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

    private func load() async throws(KeyKeeperError) -> Versioned<KeyRing>? {
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
        if version == before.version, before.signer != nil { return }
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

extension KeyKeeper {
    /// Whether everything in the ring can be opened and every session's seal key is there.
    private func check(_ ring: KeyRing, now: UnixTime) throws(KeyKeeperError) {
        for key in ring.keys where key.material != nil { _ = try open(key) }
        for use in ring.seals where use.neededUntil > now && !seals.contains(use.number) {
            throw .sealMissing(use.number, sessionsUntil: use.neededUntil)
        }
    }

    private func make(_ algorithm: String, _ now: UnixTime) throws(KeyKeeperError) -> RingKey {
        guard let known = Algorithm(rawValue: algorithm) else { throw .cannotSign(algorithm: algorithm) }
        let key: SigningKey
        do { key = try SigningKey.generate(known) } catch {
            throw error == .unsupportedAlgorithm(known) ? .cannotSign(algorithm: algorithm) : .key(error)
        }
        guard let id = KeyID(key.keyID) else { preconditionFailure("a thumbprint of \(key.keyID.utf8.count) bytes") }
        let sealed = sealer.seal(Secret(key.serialized), context: Self.context(id))
        state.withLock { $0.opened[id] = key }
        return RingKey(id: id, algorithm: algorithm, publicJWK: key.publicJWK.serialized, sealed: sealed, createdAt: now)
    }

    /// The private key, opened once.
    private func open(_ key: RingKey) throws(KeyKeeperError) -> SigningKey {
        if let opened = state.withLock({ $0.opened[key.id] }) { return opened }
        guard let algorithm = Algorithm(rawValue: key.algorithm), let material = key.material else { throw .keyDoesNotOpen(key.id) }
        let secret: Secret
        do { secret = try sealer.open(material.sealed, context: Self.context(key.id)) } catch {
            if case .unknownSeal(let number) = error { throw .sealMissing(number, sessionsUntil: nil) }
            throw .keyDoesNotOpen(key.id)
        }
        guard let opened = try? SigningKey(algorithm: algorithm, serialized: secret.bytes), opened.keyID == key.id.text else {
            throw .keyDoesNotOpen(key.id)
        }
        state.withLock { $0.opened[key.id] = opened }
        return opened
    }

    /// Seals again what an older seal key sealed. Never what a newer one did: another instance is then ahead of us in the roll-out.
    private func reseal(_ machine: inout KeyMachine) throws(KeyKeeperError) {
        for key in machine.ring.keys {
            guard let material = key.material, let number = try? RecordSealer.sealNumber(of: material.sealed), number < seals.current.number else {
                continue
            }
            let secret = Secret(try open(key).serialized)
            machine.reseal(key.id, sealed: sealer.seal(secret, context: Self.context(key.id)))
        }
    }

    private static func context(_ id: KeyID) -> String { "signing key \(id.text)" }
}
