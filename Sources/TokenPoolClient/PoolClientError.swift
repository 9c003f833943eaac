/// Why a pool did not do what it was asked.
public enum PoolClientError: Error, Hashable, Sendable {
    /// Not enough is free. Worth asking again after that long; nil if the server does not know.
    case noneFree(retryAfter: Duration?)
    /// The assignment was no longer this holder's, or its end came before the server could be reached: the work was cancelled.
    case leaseLost
    /// The server refused: its status, and its words (RFC 6749 section 5.2).
    case refused(status: Int, error: String, description: String)
    /// No answer: whether it was done is unknown.
    case unreachable(String)
    /// An answer that no Mintmark gives.
    case notUnderstood(String)
    /// The token was given back or reported already.
    case ended
}
