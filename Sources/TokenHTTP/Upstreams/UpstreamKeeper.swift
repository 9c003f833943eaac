public import Logging
public import ServiceLifecycle
import Synchronization
import TokenClient
public import TokenCore

/// Fetches the first tokens when the server starts, and tells of what happens to them: to the log, to the figures and to the outbox.
public final class UpstreamKeeper: Service, CustomStringConvertible {
    /// Writes an event where it survives; what it throws is said in the log.
    public typealias Journal = @Sendable (Event) async throws -> Void

    private let upstreams: Upstreams
    private let journal: Journal?
    private let clock: @Sendable () -> UnixTime
    private let logger: Logger
    /// Guards the counts for one addition or one copy.
    private let counts = Mutex<[String: UpstreamCounts]>([:])

    /// A keeper that does nothing before it runs.
    ///
    /// - Parameter journal: nil where there is no outbox.
    public init(of upstreams: Upstreams, clock: @escaping @Sendable () -> UnixTime, logger: Logger, journal: Journal? = nil) {
        self.upstreams = upstreams
        self.clock = clock
        self.logger = logger
        self.journal = journal
    }

    /// For the log of a service group.
    public var description: String { "tokens of others" }

    /// Watches until the service group shuts down.
    public func run() async throws {
        let watched = upstreams.all.flatMap { upstream in upstream.usedManagers.map { (upstream.name, $0, $0.events) } }
        for (_, manager, _) in watched { manager.start() }
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                // Where nobody may have anything there is nothing to watch, and a service that ended would end the server.
                group.addTask { try? await gracefulShutdown() }
                for (name, _, events) in watched {
                    group.addTask { for await event in events { await self.note(event, of: name) } }
                }
            }
        }
    }

    /// What has happened to the tokens of one upstream.
    func counts(of name: String) -> UpstreamCounts { counts.withLock { $0[name] ?? UpstreamCounts() } }

    private func note(_ event: TokenEvent, of name: String) async {
        let isFirstFailure = counts.withLock { $0[name, default: UpstreamCounts()].count(event) }
        tell(event, of: name, isFirstFailure)
        guard let journal else { return }
        do { try await journal(Event(event, of: name, at: clock())) } catch {
            logger.warning("an event of an upstream was not written", metadata: ["upstream": "\(name)", "error": "\(error)"])
        }
    }

    /// A failure that goes on is not said again and again; that it is over is said.
    private func tell(_ event: TokenEvent, of name: String, _ isFirstFailure: Bool) {
        var metadata: Logger.Metadata = ["upstream": "\(name)"]
        switch event {
        case .refreshed(let token):
            if let left = token.timeLeft { metadata["expires_in"] = "\(left.wholeMilliseconds / 1000)" }
            logger.info("a token of somebody else's was fetched", metadata: metadata)
        case .failed(let error, let pause):
            metadata["error"] = "\(error)"
            metadata["next_in"] = "\(pause.wholeMilliseconds / 1000)"
            logger.log(level: isFirstFailure ? .warning : .debug, "a token of somebody else's could not be fetched", metadata: metadata)
        case .invalidated: logger.info("a token of somebody else's is not accepted any more", metadata: metadata)
        case .expired: logger.warning("a token of somebody else's ended, and there is no newer one", metadata: metadata)
        }
    }
}

/// What has happened to the tokens of one upstream since the server began.
struct UpstreamCounts: Sendable, Hashable {
    private(set) var refreshed: UInt64 = 0
    private(set) var failed: UInt64 = 0
    private(set) var invalidated: UInt64 = 0
    private(set) var expired: UInt64 = 0
    private var isFailing = false

    /// Counts an event.
    ///
    /// - Returns: whether it is the first failure after a success.
    mutating func count(_ event: TokenEvent) -> Bool {
        switch event {
        case .refreshed: refreshed += 1
        case .invalidated: invalidated += 1
        case .expired: expired += 1
        case .failed: failed += 1
        }
        let wasFailing = isFailing
        switch event {
        case .failed: isFailing = true
        case .refreshed: isFailing = false
        case .invalidated, .expired: break
        }
        return isFailing && !wasFailing
    }
}

extension Event {
    fileprivate init(_ event: TokenEvent, of upstream: String, at time: UnixTime) {
        switch event {
        case .refreshed: self.init(.upstreamRefreshed, at: time)
        case .failed(let error, _): self.init(.upstreamFailed, at: time, reason: error.word)
        case .invalidated: self.init(.upstreamInvalidated, at: time)
        case .expired: self.init(.upstreamExpired, at: time)
        }
        self.upstream = upstream
    }
}

extension TokenManagerError {
    /// One word for an event: never what somebody else wrote, except an error code of RFC 6749 section 5.2.
    fileprivate var word: String {
        switch self {
        case .timedOut: "timed_out"
        case .expiredOnArrival: "expired_on_arrival"
        case .outdated: "outdated"
        case .deadline: "deadline"
        case .overloaded: "overloaded"
        case .failed(let error, _):
            switch error.reason {
            case .refused(let refusal): Self.known.contains(refusal.error) ? refusal.error : "refused"
            case .unreachable: "unreachable"
            case .status: "status"
            case .notUnderstood: "not_understood"
            case .misconfigured: "misconfigured"
            case .command: "command"
            case .rotationLost: "rotation_lost"
            case .storage: "storage"
            case .other: "other"
            }
        }
    }

    private static let known: Set<String> = [
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "invalid_target",
        "temporarily_unavailable", "server_error", "slow_down",
    ]
}
