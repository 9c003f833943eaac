/// The life of one token that somebody else issues: at most one fetch is under way, whoever asks meanwhile shares its outcome, and a token is served
/// until its end and not after.
///
/// A pure machine: the time comes in, effects go out, and the driver (`TokenManager`) performs them after it has let go of its lock. Fetches are
/// numbered; what is said of another than the one under way changes nothing, so that a late answer never replaces a newer one.
public struct UpstreamMachine<Token: Sendable, Failure: Sendable>: Sendable {
    /// The number of a fetch, and of the token that it brought: 1 is the first.
    public typealias Number = UInt64

    /// Who waits for a token: the same for tokens of every kind.
    public typealias Waiter = UpstreamWaiter

    /// A token that may be used.
    public struct Held: Sendable {
        /// What was fetched.
        public let token: Token
        /// By which fetch.
        public let number: Number
        /// When it was fetched.
        public let since: Moment
        /// Until when it is served.
        public let usable: UsableUntil
        /// From when on a newer one is wanted; nil if only its end makes one wanted.
        public let refreshAt: MonotonicTime?
    }

    /// Why a caller gets no token.
    public enum Refusal: Sendable {
        /// The source said so.
        case failed(Failure)
        /// The source did not answer within the policy's time.
        case timedOut
        /// What the source brought was over when it came.
        case expiredOnArrival
        /// What the source brought ends before the token that is there: an answer out of some cache, which replaces nothing.
        case outdated
    }

    /// What becomes of a waiter.
    public enum Outcome: Sendable {
        /// This token.
        case token(Held)
        /// None now; asking again makes sense after `retryAfter`.
        case refused(Refusal, retryAfter: Duration)
        /// The caller's own time is over.
        case deadline
        /// More callers wait than the policy allows.
        case overloaded
    }

    /// What happened, for observers.
    public enum Notice: Sendable {
        /// There is a new token.
        case refreshed(Held)
        /// A fetch brought nothing; the next begins after the pause at the earliest.
        case failed(Refusal, pause: Duration)
        /// A caller knows that the token is not accepted any more.
        case invalidated(Number)
        /// The token's time is over, and there is no newer one.
        case expired(Number)
    }

    /// What the driver does next, in this order.
    public struct Effects: Sendable {
        /// Whose wait is over, and what all of them hear.
        public internal(set) var resumed: [(waiters: [Waiter], outcome: Outcome)] = []
        /// The fetch that nobody wants any more, or that took too long: its task is cancelled.
        public internal(set) var abandoned: Number?
        /// The fetch to begin.
        public internal(set) var begun: Number?
        /// What to tell observers.
        public internal(set) var notices: [Notice] = []

        /// Nothing to do.
        public init() {}
    }

    /// What is done for the token now.
    indirect enum Activity: Sendable {
        /// Nothing.
        case resting
        /// A fetch is under way.
        case fetching(Fetch)
        /// The last fetch failed. None begins before `until`.
        case cooling(Refusal, until: MonotonicTime)
    }

    /// A fetch under way.
    struct Fetch: Sendable {
        let number: Number
        let sentAt: Moment
        /// Whether it goes on although nobody waits: it was begun without anybody, or giving it up could lose something.
        let isKept: Bool
    }

    let shared: UpstreamPolicy.Shared
    /// Whether a fetch may be given up half-way; not where its answer would be lost and could not be had again.
    let mayAbandon: Bool
    /// The token to serve, until its end has been noticed.
    public internal(set) var held: Held?
    var activity = Activity.resting
    var waiters = WaiterList()
    /// How many fetches have begun.
    public internal(set) var fetches: Number = 0
    /// When the last of them did.
    var lastBegun: MonotonicTime?
    /// Failures since the last token.
    public internal(set) var failures = 0
    /// Tokens in a row that were not accepted soon after they came. Fetching ever more of them would help nobody.
    var rejections = 0
    /// Whether anybody has asked: before that nothing is fetched.
    var isWanted = false

    /// A machine without a token.
    ///
    /// - Parameter mayAbandon: false for a source that rotates what it asks with.
    public init(policy: UpstreamPolicy, mayAbandon: Bool = true) { self.init(sharing: UpstreamPolicy.Shared(policy), mayAbandon: mayAbandon) }

    /// A machine without a token, whose policy is that of others too.
    public init(sharing policy: UpstreamPolicy.Shared, mayAbandon: Bool = true) {
        shared = policy
        self.mayAbandon = mayAbandon
    }

    /// How it is kept fresh.
    public var policy: UpstreamPolicy { shared.policy }

    /// Whether a fetch is under way.
    public var isFetching: Bool { fetching != nil }

    /// How many wait.
    public var waiting: Int { waiters.count }

    /// Why there is no newer token, while the last fetch failed.
    public var lastRefusal: Refusal? {
        if case .cooling(let refusal, _) = activity { refusal } else { nil }
    }

    var fetching: Fetch? {
        if case .fetching(let fetch) = activity { fetch } else { nil }
    }
}

// MARK: - Callers

extension UpstreamMachine {
    /// A caller asks for a token.
    ///
    /// - Parameters:
    ///   - waiter: who it is, should it have to wait.
    ///   - newerThan: the caller knows the token of this number and waits for another: nothing is fetched on its account while that one may be used.
    ///   - deadline: until when it waits.
    /// - Returns: the outcome; nil if it has to wait and hears of it with later effects.
    public mutating func get(
        _ waiter: Waiter, newerThan: Number? = nil, deadline: MonotonicTime, now: Moment
    ) -> (outcome: Outcome?, effects: Effects) {
        var effects = Effects()
        isWanted = true
        dropIfOver(now, &effects)
        if let held, held.number != newerThan {
            if refreshIsDue(now) { begin(now, isKept: true, &effects) }
            return (.token(held), effects)
        }
        beginIfWanted(now, &effects)
        let watches = held != nil
        if !watches, case .cooling(let refusal, let until) = activity, now.steady < until {
            return (.refused(refusal, retryAfter: until - now.steady), effects)
        }
        guard now.steady < deadline else { return (.deadline, effects) }
        guard waiters.count < shared.policy.mostWaiters else { return (.overloaded, effects) }
        waiters.insert(waiter, until: deadline, watches: watches)
        beginIfWanted(now, &effects)
        return (nil, effects)
    }

    /// A caller does not wait any more. The fetch goes on as long as anybody wants it.
    public mutating func cancel(_ waiter: Waiter, now: Moment) -> Effects {
        var effects = Effects()
        guard waiters.remove(waiter) else { return effects }
        abandonIfUnwanted(&effects)
        return effects
    }

    /// A caller knows that the token of this number is not accepted any more: only if it is still the one that is served.
    ///
    /// The next is fetched at once. Where tokens in a row are not accepted, the fetches stand further and further apart: then it is not the tokens.
    ///
    /// - Returns: whether it was.
    public mutating func invalidate(_ number: Number, now: Moment) -> (wasCurrent: Bool, effects: Effects) {
        var effects = Effects()
        guard let held, held.number == number else { return (false, effects) }
        rejections = now.steady - held.since.steady < shared.policy.longestPause ? rejections + 1 : 1
        self.held = nil
        effects.notices.append(.invalidated(number))
        waiters.wakeWatchers()
        beginIfWanted(now, &effects)
        return (true, effects)
    }

    /// There should be a token, although nobody waits for it.
    public mutating func start(now: Moment) -> Effects {
        var effects = Effects()
        isWanted = true
        dropIfOver(now, &effects)
        if held == nil, mayBegin(now) { begin(now, isKept: true, &effects) }
        return effects
    }
}
