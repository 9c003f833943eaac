/// One thing a verifier asks of a token's type and claims, in the order in which they are asked.
public enum JWTRule: String, Sendable, Hashable, CaseIterable {
    case type, issuer, subject, audience, expiry, notBefore, issuedAt
}

/// What came of one rule.
public enum JWTVerdict: Sendable, Hashable {
    /// The token satisfies the rule.
    case holds
    /// The policy does not ask for it, and the token says nothing about it or nothing wrong.
    case notAsked
    /// The token is not accepted, for this reason.
    case refused(JWTRefusal)
}

/// Why a rule refuses a token. Times are seconds since 1970.
public enum JWTRefusal: Error, Sendable, Hashable {
    /// The `typ` is another one, or missing.
    case wrongType
    /// `iss` is not the issuer asked for, byte for byte, or is missing.
    case wrongIssuer
    /// `sub` is missing, empty or not a string.
    case noSubject
    /// `aud` does not name this audience.
    case wrongAudience
    /// `aud` is neither a non-empty string nor a non-empty array of them (RFC 7519 section 4.1.3).
    case malformedAudience
    /// `exp` is missing: a token that never ends is not accepted.
    case noExpiry
    /// `exp` plus the leeway has come.
    case expired(at: Int64)
    /// `nbf` is further ahead than the leeway.
    case notYetValid(until: Int64)
    /// `iat` is further ahead than the leeway.
    case issuedInTheFuture(at: Int64)
    /// `exp`, `nbf` or `iat` is not a `NumericDate`.
    case malformedDate(JWTRule)

    /// The rule that refused.
    public var rule: JWTRule {
        switch self {
        case .wrongType: .type
        case .wrongIssuer: .issuer
        case .noSubject: .subject
        case .wrongAudience, .malformedAudience: .audience
        case .noExpiry, .expired: .expiry
        case .notYetValid: .notBefore
        case .issuedInTheFuture: .issuedAt
        case .malformedDate(let rule): rule
        }
    }
}
