import JOSE
public import Logging
public import ServiceLifecycle
import Synchronization
public import TokenCore
public import TokenSealing

/// Keeps the signing keys: loads the ring, opens and makes keys, lets time pass for them, and tells everybody.
///
/// `KeyMachine` decides; the store's compare-and-swap elects whoever carries a change out, so any number of instances may run one each. What is
/// committed is published before the caller hears of it: an emergency revocation is in force in this process when `revoke` returns.
public final class KeyKeeper: Service {
    struct State {
        var snapshot = KeySnapshot.empty
        /// The stored form of its ring: what a look compares with.
        var bytes: [UInt8] = []
        /// Private keys that have been opened: of the ring's, those that may still sign.
        var opened: [KeyID: SigningKey] = [:]
        var observers: [@Sendable (KeyChange) async -> Void] = []
        /// When the ring was last read or written.
        var lastLooked: UnixTime = .epoch
    }

    /// How often a change is decided again after another instance was faster: three times.
    static let attempts = 4
    let store: any RecordStore
    let seals: SealKeys
    /// The policy in force.
    public let policy: KeyPolicy
    let clock: any WallClock
    let sealer: RecordSealer
    let logger: Logger
    let leadership: Leadership?
    private let pause: Duration
    /// Guards the state for one read or one replacement; nothing is awaited, opened or signed inside.
    let state = Mutex(State())

    /// A keeper of the keys in `store`. Nothing is read before `start`.
    ///
    /// - Parameters:
    ///   - pause: between two looks at the ring, each one read of one record: far below `KeyPolicy.lag`, and as long as another instance's rotation
    ///     may go unnoticed here.
    ///   - leadership: whoever holds `.keys` in it lets time pass for the keys, and everybody else only follows. Without it every instance does, and
    ///     the compare-and-swap alone decides. Orders are carried out on any instance.
    public init(
        store: any RecordStore, seals: SealKeys, policy: KeyPolicy, clock: any WallClock, logger: Logger, pause: Duration = .seconds(5),
        leadership: Leadership? = nil
    ) {
        self.pause = pause
        self.leadership = leadership
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
        if let ring = try await load() { try check(ring, now: clock.now()) }
        try await tick()
    }

    /// Keeps the keys until the service group shuts down.
    public func run() async throws {
        try await Keeper("keys", every: pause, logger: logger) { try await self.tick() }.run()
    }

    /// Has another key sign: now if the published one has been visible long enough, else as soon as it has.
    public func rotate() async throws(KeyKeeperError) -> KeyMachine.Rotation {
        try await order { machine, now in machine.rotate(now: now) }
    }

    /// In an emergency: the key is out of the key set at once and nothing that it signed is accepted. When this returns, everybody who was added
    /// with `onChange` enforces it.
    public func revoke(_ id: KeyID) async throws(KeyKeeperError) -> KeyMachine.Revocation {
        try await order { machine, now in machine.revoke(id, now: now) }
    }

    /// Tells somebody of the keys now and of every change; whoever asked for a change hears of it after everybody has returned.
    public func onChange(_ observe: @escaping @Sendable (KeyChange) async -> Void) async {
        let snapshot = state.withLock { state in
            state.observers.append(observe)
            return state.snapshot
        }
        await observe(KeyChange(snapshot: snapshot, revocations: [], events: []))
    }

    /// Looks at the ring at once: something in it was changed elsewhere. What fails is tried again with the next look.
    func lookAgain() async { try? await tick() }

    /// Lets time pass for the keys.
    ///
    /// By a clock that stands before what the store has seen no key changes its state, nor on an instance that does not lead; the first keys are
    /// made by any clock and by whichever instance is the first.
    ///
    /// When the ring could not be read for longer than `KeyPolicy.lag`, nothing is signed any more: another instance may have relieved the key.
    func tick() async throws(KeyKeeperError) {
        do {
            try await passTime()
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
    /// Whether there is a key whose tokens are accepted.
    public var knowsKeys: Bool { !snapshot.verification.isEmpty }
}

extension KeyKeeper: CustomStringConvertible {
    /// For the log of a service group.
    public var description: String { "key keeper" }
}
