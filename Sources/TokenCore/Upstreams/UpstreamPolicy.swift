/// How one token of somebody else's is kept fresh. All jitter is drawn from what the caller brings.
public struct UpstreamPolicy: Sendable, Hashable {
    /// When a new token is fetched although the old one still holds.
    public enum Refresh: Sendable, Hashable {
        /// After this share of the lifetime, 0.1 ... 0.95, less up to `jitter` of the lifetime so that many managers do not ask at once.
        case ahead(at: Double, jitter: Double)
        /// So long after the last one, whatever the lifetime.
        case every(Duration)
        /// Never: the next caller after its end waits.
        case onDemand
    }

    /// When to refresh.
    public var refresh: Refresh = .ahead(at: 0.8, jitter: 0.1)
    /// Whether the token is refreshed when its time has come although nobody asks for it. Without it the first caller after that time gets the old
    /// token at once and starts the refresh.
    public var keepsFresh = true
    /// What a token without `expires_in` is taken to last: RFC 6749 section 5.1 leaves it to the documentation, and five minutes are shorter than
    /// what any known issuer gives.
    public var fallbackLifetime: Duration = .seconds(300)
    /// What is taken off every lifetime, for the way to who checks the token and for the clock's coarseness; at most a tenth of the lifetime.
    public var margin: Duration = .seconds(5)
    /// How long one fetch may take before it counts as failed.
    public var fetchTimeout: Duration = .seconds(30)
    /// The pause after a first failure; it doubles with each further one. A half to all of it is waited.
    public var firstPause: Duration = .seconds(1)
    /// The longest pause between two failures, and the pause after a refusal that repeating will not change.
    public var longestPause: Duration = .seconds(60)
    /// The longest `Retry-After` that is honoured.
    public var longestRetryAfter: Duration = .seconds(3600)
    /// Between the beginnings of two fetches lies at least this much, however short-lived or often rejected the tokens are.
    public var leastInterval: Duration = .milliseconds(100)
    /// How long a caller waits who sets no deadline of its own.
    public var patience: Duration = .seconds(30)
    /// How many callers may wait for one token.
    public var mostWaiters = 100_000

    /// The policy for an issuer of whom nothing is known.
    public init() {}
}

extension UpstreamPolicy {
    /// How long a token may be used after its fetch began, at `chance` 0 ..< 1 of the jitter, and when the next is fetched.
    func plan(_ lifetime: TokenLifetime, sentAt: Moment, now: Moment, chance: Double) -> (usable: UsableUntil, refreshAt: MonotonicTime?) {
        let whole: Duration
        let usable: UsableUntil
        switch lifetime {
        case .unlimited:
            if case .every(let interval) = refresh { return (UsableUntil(wall: nil, steady: nil), sentAt.steady + interval) }
            return (UsableUntil(wall: nil, steady: nil), nil)
        case .lasting(let duration):
            whole = min(max(duration, .zero), Self.longestLifetime)
            let end = whole - marginOf(whole)
            usable = UsableUntil(wall: sentAt.wall + end, steady: sentAt.steady + end)
        case .unstated:
            whole = fallbackLifetime
            let end = whole - marginOf(whole)
            usable = UsableUntil(wall: sentAt.wall + end, steady: sentAt.steady + end)
        case .until(let end):
            whole = min(max(end - now.wall, .zero), Self.longestLifetime)
            let left = whole - marginOf(whole)
            usable = UsableUntil(wall: now.wall + left, steady: now.steady + left)
        }
        switch refresh {
        case .onDemand: return (usable, nil)
        case .every(let interval): return (usable, sentAt.steady + interval)
        case .ahead(let share, let jitter): return (usable, sentAt.steady + whole * min(max(share - jitter * chance, 0.1), 0.95))
        }
    }

    /// The pause after `count` failures in a row, a half to all of it by `chance`.
    func pause(after count: Int, retryAfter: Duration?, isFinal: Bool, chance: Double) -> Duration {
        let doubled = isFinal ? longestPause : min(longestPause, firstPause * (1 << min(count - 1, 20)))
        let drawn = doubled * (0.5 + 0.5 * chance)
        return max(drawn, min(retryAfter ?? .zero, longestRetryAfter))
    }

    private func marginOf(_ lifetime: Duration) -> Duration { min(margin, lifetime / 10) }

    /// Ten years: what is longer is as good as unlimited, and sums with it do not overflow.
    private static let longestLifetime = Duration.seconds(10 * 365 * 86_400)
}
