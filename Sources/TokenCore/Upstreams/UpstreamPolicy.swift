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
    /// token at once and starts the refresh. On demand it means nothing.
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
    /// Between the beginnings of two fetches lies at least this much, however short-lived the tokens are; where tokens in a row are invalidated soon
    /// after they came it doubles with each, up to `longestPause`.
    public var leastInterval: Duration = .milliseconds(100)
    /// How long a caller waits who sets no deadline of its own.
    public var patience: Duration = .seconds(30)
    /// How many callers may wait for one token.
    public var mostWaiters = 100_000

    /// The policy for an issuer of whom nothing is known.
    public init() {}
}

extension UpstreamPolicy {
    /// One policy that many tokens refer to, so that none of them pays for it.
    public final class Shared: Sendable {
        /// The policy.
        public let policy: UpstreamPolicy

        /// A policy for many.
        public init(_ policy: UpstreamPolicy) { self.policy = policy }
    }

    /// How long a token may be used, at `chance` 0 ..< 1 of the jitter, and when the next is fetched.
    func plan(_ lifetime: TokenLifetime, sentAt: Moment, now: Moment, chance: Double) -> (usable: UsableUntil, refreshAt: MonotonicTime?) {
        guard let (since, whole) = span(lifetime, sentAt: sentAt, now: now) else {
            return (UsableUntil(wall: nil, steady: nil), interval.map { sentAt.steady + $0 })
        }
        let end = whole - min(margin, whole / 10)
        let usable = UsableUntil(wall: since.wall + end, steady: since.steady + end)
        switch refresh {
        case .onDemand: return (usable, nil)
        case .every(let interval): return (usable, sentAt.steady + interval)
        case .ahead(let share, let jitter): return (usable, since.steady + min(whole * min(max(share - jitter * chance, 0.1), 0.95), end * 0.95))
        }
    }

    /// The pause after `count` failures in a row, a half to all of it by `chance`.
    func pause(after count: Int, retryAfter: Duration?, isFinal: Bool, chance: Double) -> Duration {
        let doubled = isFinal ? longestPause : min(longestPause, firstPause * (1 << min(count - 1, 20)))
        let drawn = doubled * (0.5 + 0.5 * chance)
        return max(drawn, min(retryAfter ?? .zero, longestRetryAfter))
    }

    /// Between the beginnings of two fetches, after so many tokens in a row that were not accepted soon after they came.
    func spacing(after rejections: Int) -> Duration {
        rejections <= 1 ? leastInterval : max(leastInterval, min(longestPause, leastInterval * (1 << min(rejections - 1, 20))))
    }

    private var interval: Duration? { if case .every(let interval) = refresh { interval } else { nil } }

    /// From when a lifetime counts, and how long it is; nil if it does not end.
    private func span(_ lifetime: TokenLifetime, sentAt: Moment, now: Moment) -> (since: Moment, whole: Duration)? {
        switch lifetime {
        case .unlimited: nil
        case .lasting(let duration): (sentAt, min(max(duration, .zero), Self.longestLifetime))
        case .unstated: (sentAt, fallbackLifetime)
        case .until(let end): (now, min(max(end - now.wall, .zero), Self.longestLifetime))
        }
    }

    /// Ten years: what is longer is as good as unlimited, and sums with it do not overflow.
    private static let longestLifetime = Duration.seconds(10 * 365 * 86_400)
}
