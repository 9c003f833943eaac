import JOSE
import LoopbackServer
import Testing
import TokenClient
import TokenCore
import TokenTransport

/// How a client says who it is, as a server sees it.
@Suite("Client authentication at a token endpoint")
struct ClientAuthenticationTests {
    private func request(
        _ authentication: ClientAuthentication, clientID: String = "shop", request: GrantRequest = GrantRequest(scope: "read write")
    ) async throws -> (LoopbackServer.Request, [String: [String]], url: String) {
        try await LoopbackServer.run({ _ in .token() }) { server in
            let source = ClientCredentialsSource.clientCredentials(
                tokenURL: server.tokenURL, clientID: clientID, authentication: authentication, request: request)
            _ = try await source.fetchOnce()
            let seen = try #require(server.requests.first)
            return (seen, parseForm(seen.body), server.tokenURL)
        }
    }

    @Test func basicIsFormEncodedBeforeItIsBase64() async throws {
        let (seen, form, _) = try await request(.secret("p@ss:wörd +/%"), clientID: "my:shop")
        // printf 'my%%3Ashop:p%%40ss%%3Aw%%C3%%B6rd+%%2B%%2F%%25' | base64
        #expect(seen.headers["authorization"] == ["Basic bXklM0FzaG9wOnAlNDBzcyUzQXclQzMlQjZyZCslMkIlMkYlMjU="])
        #expect(form == ["grant_type": ["client_credentials"], "scope": ["read write"]])
        #expect(seen.method == "POST" && seen.headers["content-type"] == ["application/x-www-form-urlencoded"])
    }

    @Test("canon 54: nothing secret stands in the URL")
    func postIsInTheBodyAlone() async throws {
        let (seen, form, _) = try await request(.secretPost(Secret(text: "p&q=1 ü")))
        #expect(seen.target == "/token" && seen.headers["authorization"] == nil)
        #expect(
            form == ["grant_type": ["client_credentials"], "scope": ["read write"], "client_id": ["shop"], "client_secret": ["p&q=1 ü"]])
    }

    @Test func publicClientSaysItsNameAlone() async throws {
        let (seen, form, _) = try await request(.none, request: GrantRequest())
        #expect(seen.headers["authorization"] == nil && form == ["grant_type": ["client_credentials"], "client_id": ["shop"]])
    }

    @Test func resourcesAudiencesAndParametersAreSent() async throws {
        let wanted = GrantRequest(
            scope: "a", resources: ["https://a.example/", "https://b.example/"], audiences: ["crm"], parameters: [.init("tenant", "7")])
        let (_, form, _) = try await request(.none, request: wanted)
        #expect(form["resource"] == ["https://a.example/", "https://b.example/"] && form["audience"] == ["crm"] && form["tenant"] == ["7"])
    }

    @Test("private_key_jwt (RFC 7523 section 3)", arguments: [Algorithm.es256, .es384, .edDSA, .rs256, .ps256])
    func assertionIsWhatTheServerWants(algorithm: Algorithm) async throws {
        let key = try SigningKey.generate(algorithm)
        let (_, form, url) = try await request(.privateKeyJWT(ClientKey(key)))
        #expect(form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"] && form["client_id"] == ["shop"])
        let jws = try JWS(parsing: Array(try #require(form["client_assertion"]?.first).utf8))
        try jws.verify(with: key.verificationKey)
        let claims = try JWTClaims(parsing: jws.payload)
        #expect(claims.issuer == "shop" && claims.subject == "shop" && claims.audience == [url] && jws.header.keyID == key.keyID)
        let issued = try #require(claims.issuedAt), expiry = try #require(claims.expiry)
        #expect(expiry.floor - issued.floor == 60 && claims.tokenID?.utf8.count == 22)
    }

    @Test("canon 16 and 17: the audience can be the issuer, and no assertion is like another")
    func assertionIsFreshEachTime() async throws {
        let key = ClientKey(try SigningKey.generate(.es256), keyID: "2026-01", audience: "https://as.example")
        var ids = Set<String>()
        for _ in 0..<2 {
            let (_, form, _) = try await request(.privateKeyJWT(key))
            let jws = try JWS(parsing: Array(try #require(form["client_assertion"]?.first).utf8))
            let claims = try JWTClaims(parsing: jws.payload)
            #expect(claims["aud"] == .string("https://as.example") && jws.header.keyID == "2026-01")
            ids.insert(try #require(claims.tokenID))
        }
        #expect(ids.count == 2)
    }

    @Test("canon 59: nothing that prints shows a credential")
    func credentialsDoNotPrint() async throws {
        let key = try SigningKey.generate(.es256)
        let all: [ClientAuthentication] = [.secret("very-secret"), .secretPost(Secret(text: "very-secret")), .privateKeyJWT(ClientKey(key))]
        for authentication in all {
            let source = ClientCredentialsSource.clientCredentials(tokenURL: "https://as.example/t", clientID: "shop", authentication: authentication)
            var dumped = ""
            dump(source, to: &dumped)
            dump(TokenEndpointRequest("POST", "https://as.example/t", headers: [("A", "very-secret")], timeout: .seconds(1)), to: &dumped)
            dump(TokenAnswer(status: 200, body: Secret(text: "very-secret")), to: &dumped)
            #expect(!(dumped + "\(source)\(source.identity)").contains("very-secret"))
        }
    }

    @Test("two requests that differ in anything that changes the answer have different identities")
    func identityIsEverythingThatChangesTheAnswer() throws {
        let key = try SigningKey.generate(.es256), other = try SigningKey.generate(.es256)
        let plain = ClientCredentialsSource.clientCredentials(tokenURL: "https://as.example/t", clientID: "shop", secret: "one", scope: "a b")
        func source(
            _ url: String = "https://as.example/t", _ client: String = "shop", _ authentication: ClientAuthentication = .secret("one"),
            _ prover: DPoPProver? = nil, _ request: GrantRequest = GrantRequest(scope: "a b")
        ) -> TokenIdentity {
            ClientCredentialsSource.clientCredentials(
                tokenURL: url, clientID: client, authentication: authentication, prover: prover, request: request
            ).identity
        }
        let identities = [
            source(), source("https://as.example/u"), source("https://as.example/t", "store"), source("https://as.example/t", "shop", .secret("two")),
            source("https://as.example/t", "shop", .secretPost(Secret(text: "one"))), source("https://as.example/t", "shop", .none),
            source("https://as.example/t", "shop", .privateKeyJWT(ClientKey(key))),
            source("https://as.example/t", "shop", .privateKeyJWT(ClientKey(other))),
            source("https://as.example/t", "shop", .tls(ClientCertificate(chain: [1], key: Secret([1])))),
            source("https://as.example/t", "shop", .tls(ClientCertificate(chain: [2], key: Secret([1])))),
            source("https://as.example/t", "shop", .secret("one"), DPoPProver(key)),
            source("https://as.example/t", "shop", .secret("one"), DPoPProver(other)),
            source("https://as.example/t", "shop", .secret("one"), nil, GrantRequest(scope: "a")),
            source("https://as.example/t", "shop", .secret("one"), nil, GrantRequest(scope: "a b", resources: ["https://x/"])),
            source("https://as.example/t", "shop", .secret("one"), nil, GrantRequest(scope: "a b", audiences: ["https://x/"])),
            source("https://as.example/t", "shop", .secret("one"), nil, GrantRequest(scope: "a b", parameters: [.init("x", "y")])),
        ]
        #expect(Set(identities).count == identities.count && Set(identities.map(\.canonicalBytes)).count == identities.count)
        #expect(plain.identity == identities[0])
        #expect(plain.identity == source("https://as.example/t", "shop", .secret("one"), nil, GrantRequest(scope: "b a")))
    }
}
