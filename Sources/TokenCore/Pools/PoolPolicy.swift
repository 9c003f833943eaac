/// The rules of a pool. Times are whole milliseconds.
public struct PoolPolicy: Hashable, Sendable {
    /// Which of the free tokens is assigned next. Fixed when the pool is made.
    public enum Order: UInt8, Sendable, CaseIterable {
        /// The one that has been free for the longest.
        case fifo = 0
        /// Any: nobody can say which, and the load spreads.
        case random = 1
        /// The one whose last assignment is the longest ago; one that never was assigned comes first.
        case leastRecentlyUsed = 2
    }

    /// At most so many assignments of one token within any span of that length.
    public struct Rate: Hashable, Sendable {
        /// How many: 1 ... 256. Each is remembered with its token, eight bytes.
        public var count: Int
        /// The length of the span.
        public var span: Duration

        /// A rate.
        public init(count: Int, span: Duration) {
            self.count = count
            self.span = span
        }
    }

    /// The most tokens that a pool can be allowed to have.
    public static let mostTokensEver = 20_000_000
    /// The most parts that a pool can have.
    public static let mostParts = 64

    /// Which of the free tokens is assigned next.
    public var order: Order
    /// How long an assignment lasts without `keep-alive`.
    public var lifetime: Duration
    /// How long a token rests after it was given back.
    public var rest: Duration
    /// How long a token, free or assigned, stays without a sign of life before it is deleted; nil: for ever. At least `lifetime` and `rest`.
    /// A change holds for each token from its next sign of life.
    public var keepAliveLimit: Duration?
    /// How many tokens there may be: 1 ... `mostTokensEver`.
    public var mostTokens: Int
    /// How long one assignment may last, however often it is kept alive; nil for no end.
    public var longestHold: Duration?
    /// How many tokens one holder may have at once; nil for no limit. Whether there is one is fixed when the pool is made.
    public var mostPerHolder: Int?
    /// After how many failures in a row a token is set aside; nil for never.
    public var failuresToQuarantine: Int?
    /// How often one token may be assigned; nil for as often as wanted.
    public var rate: Rate?
    /// Over how many parts its tokens are spread: 1 ... `mostParts`. Fixed when the pool is made. With more than one the pool has its policy, its phase and
    /// its queue, and its tokens are in the parts, each a pool of its own that another server may have.
    public var parts: Int

    /// A policy. The defaults are those of the pool `default`, except that nothing is deleted.
    public init(
        order: Order = .fifo, lifetime: Duration = .seconds(60), rest: Duration = .seconds(120), keepAliveLimit: Duration? = nil,
        mostTokens: Int = 10_000, longestHold: Duration? = nil, mostPerHolder: Int? = nil, failuresToQuarantine: Int? = nil,
        rate: Rate? = nil, parts: Int = 1
    ) {
        self.order = order
        self.lifetime = lifetime
        self.rest = rest
        self.keepAliveLimit = keepAliveLimit
        self.mostTokens = mostTokens
        self.longestHold = longestHold
        self.mostPerHolder = mostPerHolder
        self.failuresToQuarantine = failuresToQuarantine
        self.rate = rate
        self.parts = parts
    }

    /// The policy of each of its parts.
    public var ofPart: PoolPolicy {
        var policy = self
        policy.parts = 1
        return policy
    }

    /// What is wrong with it, one sentence for each; empty when it can be used.
    public var problems: [String] {
        let longest = Duration.seconds(366 * 86_400)
        var problems: [String] = []
        func check(_ holds: Bool, _ problem: String) { if !holds { problems.append(problem) } }
        check((.seconds(1)...longest).contains(lifetime), "The lifetime is 1 s to 366 days.")
        check((.zero...longest).contains(rest), "The rest is 0 s to 366 days.")
        if let keepAliveLimit {
            check(keepAliveLimit >= lifetime, "The keep-alive limit is shorter than the lifetime.")
            check(keepAliveLimit >= rest, "The keep-alive limit is shorter than the rest.")
            check(keepAliveLimit <= longest, "The keep-alive limit is at most 366 days.")
        }
        check((1...Self.mostTokensEver).contains(mostTokens), "A pool has 1 to \(Self.mostTokensEver) tokens.")
        if let longestHold { check((lifetime...longest).contains(longestHold), "The longest hold is the lifetime to 366 days.") }
        if let mostPerHolder { check((1...1_000_000).contains(mostPerHolder), "The limit for each holder is 1 to 1,000,000.") }
        if let failuresToQuarantine { check((1...1_000).contains(failuresToQuarantine), "A token is set aside after 1 to 1,000 failures.") }
        if let rate {
            check((1...256).contains(rate.count), "A rate is 1 to 256 assignments.")
            check((.seconds(1)...longest).contains(rate.span), "The span of a rate is 1 s to 366 days.")
        }
        check((1...Self.mostParts).contains(parts), "A pool has 1 to \(Self.mostParts) parts.")
        check(parts == 1 || mostPerHolder == nil, "A pool of several parts cannot limit its holders: nobody counts them over all parts at once.")
        return problems
    }
}
