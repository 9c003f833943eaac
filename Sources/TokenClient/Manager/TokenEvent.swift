public import TokenCore

/// What happened to a manager's token.
public enum TokenEvent: Sendable {
    /// There is a new one.
    case refreshed(AccessToken)
    /// A fetch brought none; the next begins after `pause` at the earliest.
    case failed(TokenManagerError, pause: Duration)
    /// Somebody found out that it is not accepted any more.
    case invalidated(number: UInt64)
    /// Its time is over, and there is no newer one yet.
    case expired(number: UInt64)
}

/// How a manager's token stands: for lists and for people.
public struct TokenStatus: Sendable {
    /// The token that is served; nil if there is none.
    public var token: AccessToken?
    /// When it was fetched.
    public var refreshedAt: UnixTime?
    /// How long ago that was, by the clock that nobody sets.
    public var refreshedAgo: Duration?
    /// When the next fetch is planned, as a time from now; nil if none is.
    public var nextRefresh: Duration?
    /// Whether a fetch is under way.
    public var isFetching: Bool
    /// Failures since the last token.
    public var failures: Int
    /// Fetches that have begun, from the first on.
    public var fetches: UInt64
    /// Why the last fetch failed; nil when it did not.
    public var lastError: TokenManagerError?
    /// How many callers wait.
    public var waiting: Int
}
