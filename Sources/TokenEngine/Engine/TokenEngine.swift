public import Logging
import Synchronization
public import TokenCore
public import TokenSealing

/// The one engine: for every request it reads, decides, signs, commits and replies.
///
/// Decisions are pure functions of `TokenCore`; races are decided by the store's compare-and-swap; the engine loops at most three times.
public final class TokenEngine: Sendable {
    /// What the engine needs to know beside its store.
    public struct Configuration: Sendable {
        /// The `iss` of access tokens: from configuration, never from a request (canon 56).
        public var issuer: String
        /// The `aud` of access tokens whose login named none.
        public var audience: String
        /// Lifetimes and limits.
        public var policy: SessionPolicy

        /// A configuration.
        public init(issuer: String, audience: String, policy: SessionPolicy) {
            self.issuer = issuer
            self.audience = audience
            self.policy = policy
        }
    }

    /// Everything the engine stores in, and both logs.
    public typealias Store = RecordStore & RevocationLog & EventLog

    /// The configuration in force.
    public let configuration: Configuration
    /// Where the time of a request is read.
    public let clock: any WallClock
    let store: any Store
    let minter: Minter
    let sealer: RefreshTokenSealer
    let seal: SealNumber
    let clientSecrets: KeyedHash
    let enforcers = Enforcers()
    let lanes = SubjectLanes()
    let activity: PendingActivity
    let logger: Logger
    /// The epoch of the whole store; read at the start, raised by order.
    let storeEpoch = Mutex<UnixTime?>(nil)
    /// Counts for metrics, all monotonic.
    public let counters = EngineCounters()

    var policy: SessionPolicy { configuration.policy }
    /// The epoch of the whole store as this instance knows it.
    var knownStoreEpoch: UnixTime? { storeEpoch.withLock { $0 } }

    /// An engine over an open store.
    ///
    /// - Parameters:
    ///   - seals: the seal keys; the first seals, all open.
    ///   - signers: which key signs now.
    public init(
        configuration: Configuration, store: any Store, seals: SealKeys, signers: any SignerSource, clock: any WallClock, logger: Logger
    ) {
        self.configuration = configuration
        self.store = store
        self.clock = clock
        self.logger = logger
        activity = PendingActivity(interval: configuration.policy.activityInterval)
        sealer = RefreshTokenSealer(seals)
        seal = seals.current.number
        clientSecrets = KeyedHash(seals)
        minter = Minter(issuer: configuration.issuer, audience: configuration.audience, sealer: sealer, keys: signers)
    }

    /// Reads what must be known before the first request: the store's epoch and the live revocations, which every enforcer gets.
    ///
    /// For a store of one process. Of one that many share, the follower reads that: `RevocationFollower.start`.
    ///
    /// - Throws: what the store throws.
    public func start() async throws(StoreError) {
        try await loadStoreEpoch()
        var live: [RevocationEntry] = []
        for partition in try await store.revocationHeads().keys.sorted() {
            var after: UInt64 = 0
            while case let page = try await store.revocations(in: partition, after: after, limit: 1000), let last = page.last {
                live += page.map(\.entry)
                after = last.number
            }
        }
        await enforce(live)
    }

    /// Reads the epoch of the whole store, which outlives its entry in the log.
    func loadStoreEpoch() async throws(StoreError) {
        guard let epoch = try await store.load(StoreEpoch.self, id: (), now: clock.now())?.record.upTo else { return }
        raiseStoreEpoch(to: epoch)
    }

    /// Has everybody here enforce: when it returns, no event loop accepts what the entries concern, and what an epoch of the whole store ended is
    /// not refreshed any more.
    func enforce(_ entries: [RevocationEntry]) async {
        for case .everything(let epoch) in entries.lazy.map(\.target) { raiseStoreEpoch(to: epoch) }
        await enforcers.enforce(entries)
    }

    private func raiseStoreEpoch(to epoch: UnixTime) { storeEpoch.withLock { $0 = latest($0, epoch) } }

    /// Adds whoever enforces revocations; it is told of all that are live before this returns.
    public func add(enforcer: any RevocationEnforcer) async { await enforcers.add(enforcer, now: clock.now()) }

    /// How often a decision is taken again after a conflict.
    static let attempts = 4

    /// The loop of every change: decide on what is stored, prepare the reply, commit, enforce, and only then report.
    ///
    /// When the fate of a commit is unknown, what it revokes is enforced here nevertheless: refusing what may be revoked is safe, and the caller, who
    /// is told that the outcome is unknown, repeats the order. Whoever was not ended after all is refused here until its entry is outlived.
    ///
    /// - Parameter attempt: reads and decides; called again after a conflict, at most three times.
    /// - Parameter prepare: makes the reply before the commit; when it throws, nothing is committed.
    func change<Order: Sendable, Reply: Sendable>(
        _ attempt: @Sendable (UnixTime) async throws(StoreError) -> Decision<Order>,
        prepare: @Sendable (Order) async throws(OAuthError) -> Reply
    ) async throws(OAuthError) -> Reply {
        if clock.isBehind { throw .unavailable(detail: "the system's clock went back by more than the leeway") }
        for _ in 1...Self.attempts {
            do {
                let decision = try await attempt(clock.now())
                let reply = try await Self.prepared(decision.outcome, prepare)
                try await carryOut(decision)
                return try reply.get()
            } catch let error as StoreError {
                if error != .conflict { throw translate(error) }
            } catch let error as OAuthError {
                throw error
            } catch {
                throw .unavailable(detail: "\(error)")
            }
        }
        throw .unavailable(detail: "conflict after conflict")
    }

    /// Commits what was decided and has it enforced. A success that writes nothing rests on what somebody else wrote: that must survive as well.
    private func carryOut(_ decision: Decision<some Sendable>) async throws(StoreError) {
        let batch = decision.batch
        if batch.isEmpty, case .failure = decision.outcome { return }
        do {
            if !batch.isEmpty { try await store.commit(batch) }
            if !batch.writesAnything, case .success = decision.outcome { try await store.confirm(batch.partition) }
        } catch .outcomeUnknown(let why) {
            await enforce(batch.revocations + decision.known)
            throw .outcomeUnknown(why)
        }
        counters.count(batch.events)
        await enforce(batch.revocations + decision.known)
    }

    /// The reply of a decision: a refusal stays a value, because what it writes must still be committed; a failure to make the reply is thrown.
    private static func prepared<Order, Reply>(
        _ outcome: Result<Order, OAuthError>, _ prepare: (Order) async throws(OAuthError) -> Reply
    ) async throws(OAuthError) -> Result<Reply, OAuthError> {
        switch outcome {
        case .success(let order): .success(try await prepare(order))
        case .failure(let refusal): .failure(refusal)
        }
    }

    /// The border between the store's words and the protocol's.
    func translate(_ error: StoreError) -> OAuthError { OAuthError(error) }

    /// A read whose failure is the caller's answer.
    func reading<T>(_ body: () async throws(StoreError) -> T) async throws(OAuthError) -> T {
        do { return try await body() } catch { throw translate(error) }
    }
}

extension OAuthError {
    /// What the protocol calls a failure of the store.
    init(_ error: StoreError) {
        switch error {
        case .conflict: self = .unavailable(detail: "conflict")
        case .unavailable(let why): self = .unavailable(detail: "the store cannot write: \(why)")
        case .outcomeUnknown(let why): self = .unavailable(detail: "the store did not answer: \(why)", outcomeUnknown: true)
        case .overloaded: self = .unavailable(detail: "too much waits for the store")
        case .corrupt(let why): self.init(.serverError, "The service could not read its data.", detail: why)
        }
    }
}
