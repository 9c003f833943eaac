import JOSE
import Testing

@Suite("Worked example of the documentation")
struct WorkedExampleTests {
    @Test func documentedWayFromKeyToAcceptedTokenWorks() throws {
        let key = try SigningKey.generate(.es256)
        let published = try JWKSet([key.publicJWK])

        var claims = JSONWriter()
        claims.object { json in
            json.member("iss", "https://issuer.example")
            json.member("aud", "https://api.example")
            json.member("sub", "42")
            json.member("iat", 1_700_000_000)
            json.member("exp", 1_700_000_900)
        }
        let compact = try key.signJWS(type: "at+jwt", payload: claims.bytes)

        let keys = try JWKSet(parsing: published.serialized)
        let policy = try JWTPolicy(
            issuer: "https://issuer.example", audience: ["https://api.example"], type: "at+jwt", leeway: 5)

        let token = try JWS(parsing: compact)
        let named = try #require(token.header.keyID.flatMap { keys[$0] })
        try token.verify(with: try VerificationKey(jwk: named))
        try policy.check(try JWTClaims(parsing: token.payload), type: token.header.type, now: 1_700_000_060)
        #expect(throws: JWTRefusal.expired(at: 1_700_000_900)) {
            try policy.check(try JWTClaims(parsing: token.payload), type: token.header.type, now: 1_700_000_905)
        }
    }
}
