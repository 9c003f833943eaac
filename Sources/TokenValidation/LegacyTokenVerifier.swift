public import JOSE
public import TokenCore

/// Verifies the HS256 tokens of the system that Mintmark takes over from, until the last of them has expired.
///
/// Such a token has no session here: it can be authenticated with and nothing else, it cannot be revoked, and it must expire. Its `typ` is absent
/// or `JWT`: one that says it is something else was made for something else (canon 47). One shared secret signs and verifies, so this is for the
/// time of a move and off unless configured.
public struct LegacyTokenVerifier: Sendable {
    private let key: VerificationKey
    private let policy: JWTPolicy

    /// A verifier of tokens under one secret.
    ///
    /// - Parameters:
    ///   - secret: at least 32 bytes.
    ///   - leeway: how far clocks may differ: 0 ... 60 s.
    /// - Throws: `JOSEError.weakKey` for a shorter secret; `.leewayOutOfRange`.
    public init(secret: Secret, leeway: Duration) throws(JOSEError) {
        key = try VerificationKey(hmacSecret: secret.bytes, keyID: "legacy")
        policy = try JWTPolicy(issuer: nil, audience: nil, type: .untyped, requiresSubject: false, leeway: leeway.components.seconds)
    }

    /// The claims of a legacy token at a moment: the text of one JSON object. The key decides the algorithm (canon 41).
    ///
    /// - Throws: `InvalidToken` with the reason of the first check that refuses.
    public func verify(_ token: [UInt8], now: UnixTime) throws(InvalidToken) -> [UInt8] {
        let (jws, claims): (JWS, JWTClaims)
        do {
            jws = try JWS(parsing: token)
            claims = try JWTClaims(parsing: jws.payload)
        } catch { throw InvalidToken(.malformed(error)) }
        do { try jws.verify(with: key) } catch { throw InvalidToken(.signature(error)) }
        do { try policy.check(claims, type: jws.header.type, now: now.seconds) } catch { throw InvalidToken(.claims(error)) }
        return jws.payload
    }
}
