public import JOSE
public import TokenCore

/// Verifies access tokens of one issuer locally (RFC 9068 section 4): form, type, key, claims and signature, in that order, so that the
/// costly signature is checked last.
///
/// A value: build a new one when the key set changes. Revocation is asked of a `RevocationView`, on every use and not only here.
public struct AccessTokenVerifier: Sendable {
    /// What is asked of a token besides its signature.
    public struct Policy: Sendable, Hashable {
        /// The `iss`, compared byte by byte; it comes from configuration (canon 56).
        public let issuer: String
        /// The names this verifier answers to, of which `aud` must contain one. Nil only for the issuer itself, which tells its callers
        /// whom a token is for and leaves the judgement to them; a resource server always names itself (canon 45).
        public let audience: [String]?
        /// How far clocks may differ: 0 ... 60 s, in whole seconds.
        public let leeway: Duration

        fileprivate let claims: JWTPolicy

        /// - Throws: `.leewayOutOfRange` for a leeway that is negative or over a minute (canon 48).
        public init(issuer: String, audience: [String]?, leeway: Duration = .seconds(5)) throws(JOSEError) {
            self.issuer = issuer
            self.audience = audience
            self.leeway = .seconds(leeway.components.seconds)
            claims = try JWTPolicy(issuer: issuer, audience: audience, type: "at+jwt", leeway: leeway.components.seconds)
        }
    }

    /// What is asked.
    public let policy: Policy
    private let keys: [KeyID: VerificationKey]

    /// - Parameter keys: by their `kid`.
    public init(policy: Policy, keys: [KeyID: VerificationKey]) {
        self.policy = policy
        self.keys = keys
    }

    /// Whether a token could be one of ours, judged by its length and characters alone: what may run on an event loop.
    public static func looksLikeToken(_ bytes: some Collection<UInt8>) -> Bool {
        guard (1...JWS.longest).contains(bytes.count) else { return false }
        var dots = 0
        for byte in bytes {
            if byte == UInt8(ascii: ".") { dots += 1 } else if !isBase64URL(byte) { return false }
        }
        return dots == 2
    }

    /// Verifies a token at a moment.
    ///
    /// - Parameter now: the wall clock, read once by the caller.
    /// - Throws: `InvalidToken` with the reason of the first check that refuses.
    public func verify(_ token: [UInt8], now: UnixTime) throws(InvalidToken) -> VerifiedToken {
        let jws = try parse(token)
        guard let id = jws.header.keyID.flatMap(KeyID.init), let key = keys[id] else { throw InvalidToken(.unknownKey) }
        guard jws.header.algorithm == key.algorithm else { throw InvalidToken(.signature(.algorithmMismatch(key: key.algorithm))) }
        let claims = try claims(of: jws)
        do { try policy.claims.check(claims, type: jws.header.type, now: now.seconds) } catch { throw InvalidToken(.claims(error)) }
        let verified = try VerifiedToken(jws, claims: claims, key: id)
        do { try jws.verify(with: key) } catch { throw InvalidToken(.signature(error)) }
        return verified
    }

    /// Whether a token that was verified earlier is still inside its lifetime.
    public func isLive(_ token: VerifiedToken, now: UnixTime) -> Bool { now < token.expiresAt + policy.leeway }

    private func parse(_ token: [UInt8]) throws(InvalidToken) -> JWS {
        do { return try JWS(parsing: token) } catch { throw InvalidToken(.malformed(error)) }
    }

    private func claims(of jws: JWS) throws(InvalidToken) -> JWTClaims {
        do { return try JWTClaims(parsing: jws.payload) } catch { throw InvalidToken(.malformed(error)) }
    }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
