/// Why a caller got no token.
public enum TokenManagerError: Error, Sendable, Equatable {
    /// The source brought none. Every caller who waited for that fetch gets this one, and so does whoever asks before `retryAfter` is over.
    case failed(TokenSourceError, retryAfter: Duration)
    /// The source did not answer in the policy's time.
    case timedOut(retryAfter: Duration)
    /// What the source brought was over when it came.
    case expiredOnArrival(retryAfter: Duration)
    /// What the source brought last ends before the token that was there, so it replaced nothing.
    case outdated(retryAfter: Duration)
    /// The caller's own deadline has passed; the fetch may go on for others.
    case deadline
    /// More callers wait than the policy allows.
    case overloaded
}

extension TokenManagerError: CustomStringConvertible {
    /// A sentence for a log.
    public var description: String {
        switch self {
        case .failed(let error, _): error.description
        case .timedOut: "The source did not answer in time."
        case .expiredOnArrival: "The token was over when it came."
        case .outdated: "The source brought an older token than the one that was there."
        case .deadline: "No token came before the deadline."
        case .overloaded: "Too many callers wait for this token."
        }
    }

    /// How long to wait before asking again makes sense; nil if nothing is known.
    public var retryAfter: Duration? {
        switch self {
        case .failed(_, let pause), .timedOut(let pause), .expiredOnArrival(let pause), .outdated(let pause): pause
        case .deadline, .overloaded: nil
        }
    }
}
