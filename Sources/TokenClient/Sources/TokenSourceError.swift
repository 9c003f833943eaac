/// Why a source brought no token.
public struct TokenSourceError: Error, Sendable, Equatable {
    /// What went wrong.
    public enum Reason: Sendable, Equatable {
        /// The authorization server refused, in its own words (RFC 6749 section 5.2).
        case refused(OAuthRefusal)
        /// Nobody answered, or the connection broke: whether the request had an effect is not known.
        case unreachable(String)
        /// The answer had an unexpected status and no OAuth error.
        case status(Int)
        /// The answer was not what the protocol says.
        case notUnderstood(String)
        /// The source is not set up in a way that can work: a file is missing, a command cannot be run.
        case misconfigured(String)
        /// A command ended badly; the last of what it wrote to its standard error.
        case command(exitCode: Int32, message: String)
        /// The refresh token that the server may have issued in a rotation was lost; when the rotation began is said.
        case rotationLost(String)
        /// Where grants are kept cannot be read or written.
        case storage(String)
        /// A closure of the caller's threw this.
        case other(String)
    }

    /// What went wrong.
    public var reason: Reason
    /// What the server said about when to come again (RFC 9110 section 10.2.3).
    public var retryAfter: Duration?

    /// An error.
    public init(_ reason: Reason, retryAfter: Duration? = nil) {
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// Whether asking again in the same way gives the same answer: then the longest pause is made.
    public var isFinal: Bool {
        switch reason {
        case .refused(let refusal): refusal.isFinal
        case .misconfigured, .rotationLost: true
        case .unreachable, .status, .notUnderstood, .command, .storage, .other: false
        }
    }
}

/// The error answer of an authorization server (RFC 6749 section 5.2).
public struct OAuthRefusal: Sendable, Equatable {
    /// `error`, such as `invalid_client`.
    public var error: String
    /// `error_description`, if any.
    public var description: String?
    /// `error_uri`, if any.
    public var uri: String?
    /// The status that came with it.
    public var status: Int

    /// A refusal.
    public init(error: String, description: String? = nil, uri: String? = nil, status: Int = 400) {
        self.error = error
        self.description = description
        self.uri = uri
        self.status = status
    }

    /// All but what passes by itself.
    public var isFinal: Bool { status < 500 && status != 429 && !["temporarily_unavailable", "server_error", "slow_down"].contains(error) }
}

extension TokenSourceError: CustomStringConvertible {
    /// A sentence for the person who set the source up. No secret stands in it.
    public var description: String {
        switch reason {
        case .refused(let refusal):
            "The authorization server refused: \(refusal.error)" + (refusal.description.map { " (\($0))" } ?? "") + "."
        case .unreachable(let detail): "The authorization server cannot be reached: \(detail)"
        case .status(let status): "The authorization server answered with status \(status)."
        case .notUnderstood(let detail): "The answer was not understood: \(detail)"
        case .misconfigured(let detail): "The source is not set up: \(detail)"
        case .command(let code, let message): "The command ended with \(code): \(message)"
        case .rotationLost(let detail): "The refresh token is lost: \(detail)"
        case .storage(let detail): "Where grants are kept cannot be used: \(detail)"
        case .other(let detail): detail
        }
    }
}
