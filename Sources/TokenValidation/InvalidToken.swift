public import JOSE

/// The one error for an access token that is not accepted. The client hears one sentence whatever the reason (canon 29); the log
/// gets the reason.
public struct InvalidToken: Error, Hashable, Sendable {
    /// Which check refused.
    public enum Reason: Hashable, Sendable {
        /// Not a compact JWS that the strict parser accepts.
        case malformed(JOSEError)
        /// No `kid`, or one that is in nobody's key set.
        case unknownKey
        /// The signature is not one of the key over these bytes, or the header names another algorithm.
        case signature(JOSEError)
        /// Type, issuer, subject, audience or a date.
        case claims(JWTRefusal)
        /// The `sid` is missing or none of ours: such a token could not be revoked.
        case noSession
        /// `sub`, `client_id` or `user_id` has a form that we never write.
        case malformedClaim(String)
        /// The session, subject, client or key is revoked.
        case revoked
    }

    /// For our log, never for the client.
    public let reason: Reason

    /// A refusal.
    public init(_ reason: Reason) { self.reason = reason }
}

extension InvalidToken: CustomStringConvertible {
    /// One constant phrase per reason; contains nothing of the token.
    public var description: String {
        switch reason {
        case .malformed: "not a well-formed token"
        case .unknownKey: "signed by an unknown key"
        case .signature: "the signature is wrong"
        case .claims(.wrongType): "another kind of token"
        case .claims(.expired): "expired"
        case .claims(let refusal): "the rule \(refusal.rule.rawValue) refuses it"
        case .noSession: "without a session"
        case .malformedClaim(let name): "the claim \(name) is malformed"
        case .revoked: "revoked"
        }
    }
}
