/// Why a request is refused: what the client may read and what we need to know, in two fields.
public struct OAuthError: Error, Hashable, Sendable {
    /// The `error` member: the codes of RFC 6749 section 5.2 and RFC 6750 section 3.1, and the few that plain HTTP needs.
    public enum Code: String, Sendable, CaseIterable {
        /// The request is malformed (RFC 6749 section 5.2).
        case invalidRequest = "invalid_request"
        /// The access or refresh token is expired, revoked or not ours (RFC 6750 section 3.1). One code for all three.
        case invalidToken = "invalid_token"
        /// Client authentication failed (RFC 6749 section 5.2).
        case invalidClient = "invalid_client"
        /// The caller is known or local enough to be answered, but may not do this.
        case accessDenied = "access_denied"
        /// There is no such thing, or it is not the caller's.
        case notFound = "not_found"
        /// The path exists, the method does not.
        case methodNotAllowed = "method_not_allowed"
        /// Nothing of the pool is free now; come back after `retryAfter`, or wait.
        case noneFree = "none_free"
        /// The token is in the pool and nobody has it: there is nothing to give back.
        case notAssigned = "not_assigned"
        /// The lease is not the current one: somebody else may have the token by now. Nothing was changed.
        case staleLease = "stale_lease"
        /// The pool would have more tokens than it may. Nothing was put in.
        case poolFull = "pool_full"
        /// The pool assigns nothing any more.
        case poolDraining = "pool_draining"
        /// The holder would have more tokens than one holder may.
        case holderLimit = "holder_limit"
        /// A number is well-formed and beyond what may be asked for.
        case outOfBounds = "out_of_bounds"
        /// The body is over its bound.
        case contentTooLarge = "content_too_large"
        /// The header fields are over their bound.
        case headersTooLarge = "request_header_fields_too_large"
        /// The state of things forbids it now; the description says what.
        case conflict
        /// More requests than this caller's share; come back after `retryAfter`.
        case slowDown = "slow_down"
        /// Something here failed. The details are in the log.
        case serverError = "server_error"
        /// Not now; the same request may be sent again after `retryAfter` (RFC 6749 section 4.1.2.1).
        case temporarilyUnavailable = "temporarily_unavailable"
    }

    /// The `error` member.
    public let code: Code
    /// The `error_description` member: constant text without anything from the request.
    public let description: String
    /// For our log, never for the client. Names no token.
    public let detail: String?
    /// When to come back, where that helps.
    public let retryAfter: Duration?

    /// An error with its two audiences.
    public init(_ code: Code, _ description: String, detail: String? = nil, retryAfter: Duration? = nil) {
        self.code = code
        self.description = description
        self.detail = detail
        self.retryAfter = retryAfter
    }
}

extension OAuthError {
    /// The one answer for an access token that is not accepted, whatever the reason (canon 29).
    public static func accessTokenNotValid(detail: String? = nil) -> OAuthError {
        OAuthError(.invalidToken, "The access token is not valid.", detail: detail)
    }

    /// The one answer for a refresh token that is not accepted, whatever the reason (canon 29).
    public static func refreshTokenNotValid(detail: String? = nil) -> OAuthError {
        OAuthError(.invalidToken, "The refresh token is not valid.", detail: detail)
    }

    /// The one answer while it is not known which access tokens are revoked.
    public static let revocationsUnknown = OAuthError(
        .temporarilyUnavailable, "The service cannot do this now; try again.", detail: "revocations have not been heard of for too long",
        retryAfter: .seconds(1))

    /// The one answer while the store cannot do its work.
    ///
    /// - Parameter outcomeUnknown: whether the change may have happened nevertheless; the request may be repeated in either case.
    public static func unavailable(detail: String, outcomeUnknown: Bool = false) -> OAuthError {
        OAuthError(
            .temporarilyUnavailable,
            outcomeUnknown ? "The outcome is not known; repeat the request." : "The service cannot do this now; try again.",
            detail: detail, retryAfter: .seconds(1))
    }
}
