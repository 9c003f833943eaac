public import Logging
import Synchronization
public import TokenCore

/// One token of somebody else's, fetched once for however many callers, and fetched again before it ends.
///
///     let manager = TokenManager(name: "crm", source: .clientCredentials(…))
///     let token = try await manager.token()
///
/// The first caller waits for the first token, and whoever asks meanwhile waits for the same fetch. Afterwards `token()` reads what is there. Any
/// number of tasks may use a manager at once.
public final class TokenManager: Sendable {
    typealias Machine = UpstreamMachine<AccessToken.Content, TokenSourceError>
    #if DEBUG
    typealias Continuation = CheckedContinuation<(any Error)?, Never>
    #else
    /// Each is taken out of the line once, and whoever takes it out resumes it. A checked one would be a second object for each who waits.
    typealias Continuation = UnsafeContinuation<(any Error)?, Never>
    #endif

    /// What one lock guards, for one event of the machine; nothing is awaited inside.
    struct State: Sendable {
        var machine: Machine
        var suspended = WaitingLine<Continuation>()
        /// The fetch under way; nil also until whoever began it has noted it.
        var task: Task<Void, Never>?
        var observers: [UInt64: AsyncStream<TokenEvent>.Continuation] = [:]
        /// The earliest moment at which the wake list knows that this wants to be woken.
        var armed: MonotonicTime?
        /// What the next fetch must not bring again.
        var rejected: Secret?
        /// Whether a fetch that was told so brought it all the same.
        var wasInsisted = false
        /// Numbers waiters and observers.
        var drawn: UInt64 = 0

        mutating func draw() -> UInt64 {
            drawn += 1
            return drawn
        }
    }

    /// Where its tokens come from.
    public let source: any TokenSource
    let telemetry: TokenTelemetry
    let state: Mutex<State>
    /// Tells it from all other managers of this process, also from those that are gone.
    public let serial: UInt64
    let threads = ThreadTokens.shared
    /// Raised when what threads remember must not be used any more.
    let version = Atomic<UInt64>(0)

    private static let serials = Atomic<UInt64>(0)

    /// A manager of the tokens that a source brings. Nothing is fetched before somebody asks, or `start` or `run` is called.
    ///
    /// - Parameters:
    ///   - name: what it is called in logs and metrics: from a small set, not made of what users send.
    ///   - logger: silent without one.
    public convenience init(name: String, source: some TokenSource, policy: UpstreamPolicy = UpstreamPolicy(), logger: Logger? = nil) {
        self.init(source: source, policy: UpstreamPolicy.Shared(policy), telemetry: TokenTelemetry(name, logger))
    }

    /// A manager of a value that is made anew at a fixed interval, whatever its own lifetime.
    ///
    /// - Parameters:
    ///   - interval: from the beginning of one fetch to the beginning of the next. After a failure it is tried again after the policy's pauses,
    ///     and the old value is served meanwhile.
    ///   - generate: makes the value.
    public convenience init(
        name: String, every interval: Duration, policy: UpstreamPolicy = UpstreamPolicy(), logger: Logger? = nil,
        generate: @escaping @Sendable () async throws -> String
    ) {
        var policy = policy
        policy.refresh = .every(interval)
        let source = ClosureSource(name) { _ in IssuedToken(try await generate(), lifetime: .unlimited) }
        self.init(source: source, policy: UpstreamPolicy.Shared(policy), telemetry: TokenTelemetry(name, logger))
    }

    /// What many managers have in common is one object each.
    init(source: any TokenSource, policy: UpstreamPolicy.Shared, telemetry: TokenTelemetry) {
        self.source = source
        self.telemetry = telemetry
        state = Mutex(State(machine: Machine(sharing: policy, mayAbandon: source.mayBeAbandoned)))
        serial = Self.serials.wrappingAdd(1, ordering: .relaxed).newValue
    }

    deinit {
        state.withLock { state in
            for observer in state.observers.values { observer.finish() }
        }
    }
}

// MARK: - For callers

extension TokenManager {
    /// What it is called in logs and metrics.
    public var name: String { telemetry.name }

    /// The token: at once if there is one, else as soon as the fetch that is under way has brought it.
    ///
    /// It is checked on every call that its time is not over. While the source fails, the old token is served until its end.
    ///
    /// - Throws: `TokenManagerError`; `CancellationError` when the caller's task is cancelled, which harms nobody else who waits.
    @inlinable nonisolated(nonsending) public func token() async throws -> AccessToken {
        // Inlined, so that a caller pays for a call that suspends only where it may have to.
        if let remembered { return remembered }
        return try await wait(newerThan: nil, within: nil)
    }

    /// As `token()`, with a deadline of the caller's own.
    public func token(within patience: Duration) async throws -> AccessToken {
        if let remembered { return remembered }
        return try await wait(newerThan: nil, within: patience)
    }

    /// The token after the one of this number, as soon as there is one; any token, if that one may not be used any more. Nothing is fetched on the
    /// account of who waits for a newer one.
    ///
    /// - Throws: `.deadline` when none came within `patience`; as `token()`.
    public func token(newerThan number: UInt64, within patience: Duration) async throws -> AccessToken {
        try await wait(newerThan: number, within: patience)
    }

    /// The token that is there now, without waiting and without fetching one; nil if there is none.
    public var current: AccessToken? {
        let now = Moment.read()
        return state.withLock { $0.machine.held.flatMap { $0.usable.isOver(at: now) ? nil : AccessToken($0.token) } }
    }

    /// The caller found out that this token is not accepted any more, by a 401 for instance. Only if it is still the one that is served does this
    /// change anything: fifty callers who find out together cause one fetch.
    ///
    /// - Returns: whether it was the one.
    @discardableResult public func invalidate(_ token: AccessToken) -> Bool {
        invalidate { $0.number == token.number && $0 === token.content || $0.number == token.number && $0.value == token.value }
    }

    /// As `invalidate(_:)`, by the token's value.
    @discardableResult public func invalidate(value: String) -> Bool {
        invalidate { constantTimeEquals($0.value.utf8, value.utf8) }
    }

    /// There should be a token soon, although nobody waits for it yet.
    public func start() {
        let now = Moment.read()
        handle(now) { $0.machine.start(now: now) }
    }

    /// What happens from now on. Each observer has a place for the last 64 events; who is slower misses the oldest.
    public var events: AsyncStream<TokenEvent> {
        AsyncStream(bufferingPolicy: .bufferingNewest(64)) { continuation in
            let id = state.withLock { state in
                let id = state.draw()
                state.observers[id] = continuation
                return id
            }
            continuation.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.observers.removeValue(forKey: id) } }
        }
    }

    /// How it stands.
    public var status: TokenStatus {
        let now = Moment.read()
        return state.withLock { state in
            let held = state.machine.held.flatMap { $0.usable.isOver(at: now) ? nil : $0 }
            return TokenStatus(
                token: held.map { AccessToken($0.token) }, refreshedAt: held?.since.wall, refreshedAgo: held.map { now.steady - $0.since.steady },
                nextRefresh: state.machine.nextFetch.map { max(.zero, $0 - now.steady) }, isFetching: state.machine.isFetching,
                failures: state.machine.failures, fetches: state.machine.fetches,
                lastError: state.machine.lastRefusal.map { TokenManagerError($0, retryAfter: .zero) }, waiting: state.machine.waiting)
        }
    }

    /// What this thread may answer without asking the machine.
    @usableFromInline var remembered: AccessToken? { threads.find(serial, version: version.load(ordering: .acquiring)) }

    private func invalidate(_ isIt: (AccessToken.Content) -> Bool) -> Bool {
        let now = Moment.read()
        return handle(now) { state -> (Bool, Machine.Effects) in
            guard let held = state.machine.held, isIt(held.token) else { return (false, Machine.Effects()) }
            let (wasCurrent, effects) = state.machine.invalidate(held.number, now: now)
            if wasCurrent {
                state.rejected = Secret(Array(held.token.value.utf8))
                state.wasInsisted = false
            }
            return (wasCurrent, effects)
        }
    }
}

extension TokenManager: CustomStringConvertible {
    /// For the log of a service group.
    public var description: String { "tokens of '\(name)'" }
}
