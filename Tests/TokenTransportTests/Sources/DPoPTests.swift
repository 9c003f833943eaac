import JOSE
import LoopbackServer
import Synchronization
import Testing
import TokenClient
import TokenCore
import TokenTransport

/// Tokens bound to a key (RFC 9449), as a server sees them.
@Suite("Proofs of possession")
struct DPoPTests {
    private let bound = #"{"access_token":"bound","token_type":"DPoP","expires_in":60}"#

    private func claims(of request: LoopbackServer.Request) throws -> (JWS, JWTClaims) {
        let values = try #require(request.headers["dpop"])
        try #require(values.count == 1)
        let jws = try JWS(parsing: Array(values[0].utf8))
        return (jws, try JWTClaims(parsing: jws.payload))
    }

    @Test func proofIsSignedByTheKeyInItsHeader() async throws {
        let key = try SigningKey.generate(.es256)
        try await LoopbackServer.run({ _ in .json(200, bound) }) { server in
            let source = ClientCredentialsSource.clientCredentials(
                tokenURL: server.tokenURL + "?tenant=1", clientID: "shop", authentication: .secret("s"), prover: DPoPProver(key))
            let token = try await source.fetchOnce()
            #expect(token.type == "DPoP" && source.identity.keyBinding == key.publicJWK.thumbprint)
            let (jws, claims) = try claims(of: try #require(server.requests.first))
            try jws.verify(with: key.verificationKey)
            #expect(claims["htm"] == .string("POST") && claims["htu"] == .string(server.tokenURL) && claims["ath"] == nil && claims["nonce"] == nil)
            #expect(claims.tokenID?.utf8.count == 22 && claims.issuedAt != nil)
            let header = try #require(try JSONValue(parsing: try Base64URL.decode(Array(jws.compact.prefix { $0 != UInt8(ascii: ".") }))).object)
            #expect(header["typ"] == .string("dpop+jwt") && header["alg"] == .string("ES256"))
            #expect(Set(header["jwk"]?.object?.members.map(\.name) ?? []) == ["kty", "crv", "x", "y"])
        }
    }

    @Test func nonceIsUsedOnceAskedForAndThenAhead() async throws {
        let key = try SigningKey.generate(.es256)
        let calls = Mutex(0)
        try await LoopbackServer.run({ _ in
            let call = calls.withLock {
                $0 += 1; return $0
            }
            if call == 1 { return .json(400, #"{"error":"use_dpop_nonce"}"#, headers: [("DPoP-Nonce", "n-1")]) }
            return .json(200, bound, headers: [("DPoP-Nonce", "n-\(call)")])
        }) { server in
            let source = ClientCredentialsSource.clientCredentials(
                tokenURL: server.tokenURL, clientID: "shop", authentication: .secret("s"), prover: DPoPProver(key))
            _ = try await source.fetchOnce()
            _ = try await source.fetchOnce()
            let nonces = try server.requests.map { try claims(of: $0).1["nonce"] }
            #expect(nonces == [nil, .string("n-1"), .string("n-2")])
        }
    }

    @Test func serverThatAlwaysWantsAnotherNonceIsAskedTwice() async throws {
        let key = try SigningKey.generate(.es256)
        try await LoopbackServer.run({ _ in .json(400, #"{"error":"use_dpop_nonce"}"#, headers: [("DPoP-Nonce", "again")]) }) { server in
            let source = ClientCredentialsSource.clientCredentials(
                tokenURL: server.tokenURL, clientID: "shop", authentication: .secret("s"), prover: DPoPProver(key))
            await #expect(throws: TokenSourceError(.refused(OAuthRefusal(error: "use_dpop_nonce")))) { try await source.fetchOnce() }
            #expect(server.requests.count == 2)
        }
    }

    @Test("canon 23: a bearer token is no answer to who asked for a bound one")
    func bearerTokenIsNoBoundOne() async throws {
        let key = try SigningKey.generate(.es256)
        try await LoopbackServer.run({ _ in .token() }) { server in
            let source = ClientCredentialsSource.clientCredentials(
                tokenURL: server.tokenURL, clientID: "shop", authentication: .secret("s"), prover: DPoPProver(key))
            let why = "a token bound to a key was asked for, and a bearer token came"
            await #expect(throws: TokenSourceError(.notUnderstood(why))) { try await source.fetchOnce() }
        }
    }

    @Test func proofForAResourceCarriesTheTokensDigest() throws {
        // RFC 9449 section 7.1: the token of the example and its `ath`.
        let prover = DPoPProver(try SigningKey.generate(.es256))
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
        let proof = try prover.proof(method: "GET", url: "https://resource.example.org/protectedresource?a=b#c", token: token)
        let claims = try JWTClaims(parsing: try JWS(parsing: Array(proof.utf8)).payload)
        #expect(claims["ath"] == .string("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"))
        #expect(claims["htu"] == .string("https://resource.example.org/protectedresource"))
    }
}
