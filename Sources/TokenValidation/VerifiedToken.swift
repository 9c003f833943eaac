public import JOSE
public import TokenCore

/// An access token whose signature and claims were right when it was verified: what later checks need, and what it says.
///
/// Expiry and revocation are not settled by it: whoever keeps it asks again on every use (canon 53).
public struct VerifiedToken: Sendable, Hashable {
    /// The `sid`, which carries the birth that epochs are compared with.
    public let session: SessionID
    /// The `sub`, an integer where `user_id` is one.
    public let subject: Subject
    /// The `client_id`, if a client began the session.
    public let client: ClientID?
    /// The `kid` it was signed by.
    public let key: KeyID
    /// The `iat`; the start of time without one.
    public let issuedAt: UnixTime
    /// The `exp`, without leeway.
    public let expiresAt: UnixTime
    /// The claims as they were signed: the text of one JSON object.
    public let payload: [UInt8]

    init(_ jws: JWS, claims: JWTClaims, key: KeyID) throws(InvalidToken) {
        guard let session = claims["sid"]?.string.flatMap(SessionID.init) else { throw InvalidToken(.noSession) }
        guard let expiry = claims.expiry else { throw InvalidToken(.claims(.noExpiry)) }
        self.session = session
        self.subject = try Self.subject(claims)
        self.client = try Self.client(claims)
        self.key = key
        issuedAt = claims.issuedAt.map { UnixTime(seconds: $0.floor) } ?? .epoch
        expiresAt = UnixTime(seconds: expiry.floor)
        payload = jws.payload
    }

    /// The claims, read again from the signed text.
    public var claims: JSONObject {
        (try? JWTClaims(parsing: payload))?.object ?? JSONObject()
    }

    private static func subject(_ claims: JWTClaims) throws(InvalidToken) -> Subject {
        guard let text = claims.subject, let subject = Subject(text: text) else { throw InvalidToken(.malformedClaim("sub")) }
        guard case .integer(let number)? = claims["user_id"] else { return subject }
        guard let named = Subject(integer: number), named == subject else { throw InvalidToken(.malformedClaim("user_id")) }
        return named
    }

    private static func client(_ claims: JWTClaims) throws(InvalidToken) -> ClientID? {
        guard let value = claims["client_id"] else { return nil }
        guard let client = value.string.flatMap(ClientID.init) else { throw InvalidToken(.malformedClaim("client_id")) }
        return client
    }
}
