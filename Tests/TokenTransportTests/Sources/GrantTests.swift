import JOSE
import LoopbackServer
import Synchronization
import Testing
import TokenClient
import TokenCore
import TokenTransport

/// What each grant sends, and what it makes of rotation.
@Suite("Grants at a token endpoint")
struct GrantTests {
    @Test func rotatedRefreshTokenIsPresentedNext() async throws {
        let calls = Mutex(0)
        try await LoopbackServer.run({ _ in
            let call = calls.withLock {
                $0 += 1; return $0
            }
            // The third answer does not rotate.
            return .token("at-\(call)", more: call == 3 ? "" : #","refresh_token":"rt-\#(call)""#)
        }) { server in
            let source = RefreshTokenSource.refreshToken(
                tokenURL: server.tokenURL, clientID: "shop", authentication: .secret("s"), refreshToken: Secret(text: "rt-0"),
                request: GrantRequest(scope: "read"))
            #expect(!source.mayBeAbandoned && source.firstRefreshToken.text == "rt-0")
            for number in 1...4 {
                let token = try await source.fetchOnce()
                #expect(token.value.text == "at-\(number)")
            }
            #expect(server.forms.map { $0["refresh_token"] } == [["rt-0"], ["rt-1"], ["rt-2"], ["rt-2"]])
            #expect(server.forms.allSatisfy { $0["grant_type"] == ["refresh_token"] && $0["scope"] == ["read"] })
        }
    }

    @Test("asking and reading are two steps, and what is read is always read alike")
    func answerCanBeKeptBeforeItIsRead() async throws {
        try await LoopbackServer.run({ _ in .token("at-1", more: #","refresh_token":"rt-1""#) }) { server in
            let source = RefreshTokenSource.refreshToken(
                tokenURL: server.tokenURL, clientID: "shop", authentication: .none, refreshToken: Secret(text: "rt-0"))
            let answer = try await source.exchange(Secret(text: "rt-7"), for: TokenFetch(name: "test"))
            let kept = TokenAnswer(status: answer.status, retryAfter: answer.retryAfter, body: answer.body)
            for _ in 0..<2 {
                let grant = try source.issued(from: kept)
                #expect(grant.token.value.text == "at-1" && grant.refreshToken?.text == "rt-1")
            }
            #expect(server.forms.map { $0["refresh_token"] } == [["rt-7"]])
            // The source itself goes on with what it had.
            _ = try await source.fetchOnce()
            #expect(server.forms.last?["refresh_token"] == ["rt-0"])
        }
    }

    @Test func failedRefreshKeepsTheRefreshToken() async throws {
        let calls = Mutex(0)
        try await LoopbackServer.run({ _ in
            switch calls.withLock({
                $0 += 1; return $0
            }) {
            case 1: .json(400, #"{"error":"invalid_grant","error_description":"rt-secret-0 is unknown"}"#)
            case 2: .init(502)
            default: .token()
            }
        }) { server in
            let source = RefreshTokenSource.refreshToken(
                tokenURL: server.tokenURL, clientID: "shop", authentication: .none, refreshToken: Secret(text: "rt-secret-0"))
            let refusal = OAuthRefusal(error: "invalid_grant", description: "Secret(…) is unknown")
            await #expect(throws: TokenSourceError(.refused(refusal))) { try await source.fetchOnce() }
            await #expect(throws: TokenSourceError(.status(502))) { try await source.fetchOnce() }
            _ = try await source.fetchOnce()
            #expect(server.forms.map { $0["refresh_token"] } == [["rt-secret-0"], ["rt-secret-0"], ["rt-secret-0"]])
        }
    }

    @Test func identityOfAGrantOutlivesTheClientsSecret() {
        func identity(_ secret: String, _ token: String) -> TokenIdentity {
            RefreshTokenSource.refreshToken(
                tokenURL: "https://as.example/t", clientID: "shop", authentication: .secret(secret), refreshToken: Secret(text: token)
            ).identity
        }
        #expect(identity("one", "rt-0") == identity("two", "rt-0") && identity("one", "rt-0") != identity("one", "rt-1"))
        #expect(!"\(identity("one", "rt-secret"))".contains("rt-secret"))
    }

    @Test("token exchange (RFC 8693 section 2.1)")
    func exchangeShowsBothTokens() async throws {
        let issued = #","issued_token_type":"urn:ietf:params:oauth:token-type:access_token""#
        try await LoopbackServer.run({ _ in .token(more: issued) }) { server in
            func source(_ subject: String, actor: String? = nil, type: String = "") -> TokenExchangeSource {
                .tokenExchange(
                    tokenURL: server.tokenURL, clientID: "gateway", authentication: .secret("s"),
                    subject: .init(Secret(text: subject)), actor: actor.map { .init(Secret(text: $0), type: TokenExchangeSource.Kind.jwt) },
                    requestedType: type, request: GrantRequest(audiences: ["billing"]))
            }
            _ = try await source("user-1", actor: "me").fetchOnce()
            #expect(
                server.forms.last == [
                    "grant_type": ["urn:ietf:params:oauth:grant-type:token-exchange"], "subject_token": ["user-1"], "actor_token": ["me"],
                    "subject_token_type": ["urn:ietf:params:oauth:token-type:access_token"],
                    "actor_token_type": ["urn:ietf:params:oauth:token-type:jwt"], "audience": ["billing"],
                ])
            await #expect(throws: TokenSourceError(.notUnderstood("another type of token came than was asked for"))) {
                try await source("user-1", type: TokenExchangeSource.Kind.idToken).fetchOnce()
            }
            let all = [source("user-1"), source("user-2"), source("user-1", actor: "me"), source("user-1", type: TokenExchangeSource.Kind.jwt)]
            #expect(Set(all.map(\.identity)).count == all.count && !all.contains { "\($0.identity)".contains("user-") })
        }
        try await LoopbackServer.run({ _ in .token() }) { server in
            let source = TokenExchangeSource.tokenExchange(
                tokenURL: server.tokenURL, clientID: "gateway", authentication: .none, subject: .init(Secret(text: "user-1")))
            await #expect(throws: TokenSourceError(.notUnderstood("issued_token_type is missing"))) { try await source.fetchOnce() }
        }
    }

    @Test("jwt-bearer (RFC 7523 section 2.1): an assertion is signed each time")
    func serviceAccountSignsForItself() async throws {
        let key = try SigningKey.generate(.rs256)
        try await LoopbackServer.run({ _ in .token() }) { server in
            var claims = JSONObject()
            claims["scope"] = .string("calendar")
            let account = JWTBearerSource.Account(
                issuer: "robot@project.example", subject: "ann@example.com", key: ClientKey(key, keyID: "k-7"), claims: claims)
            let source = JWTBearerSource.jwtBearer(tokenURL: server.tokenURL, account: account)
            for _ in 0..<2 { _ = try await source.fetchOnce() }
            var ids = Set<String>()
            for form in server.forms {
                #expect(form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"] && form["client_id"] == nil)
                let jws = try JWS(parsing: Array(try #require(form["assertion"]?.first).utf8))
                try jws.verify(with: key.verificationKey)
                let said = try JWTClaims(parsing: jws.payload)
                #expect(said.issuer == "robot@project.example" && said.subject == "ann@example.com" && said.audience == [server.tokenURL])
                #expect(said["scope"] == .string("calendar") && jws.header.keyID == "k-7")
                ids.insert(try #require(said.tokenID))
            }
            #expect(ids.count == 2)
        }
    }

    @Test func mintmarkRotatesWithEveryToken() async throws {
        let calls = Mutex(0)
        try await LoopbackServer.run({ _ in
            let call = calls.withLock {
                $0 += 1; return $0
            }
            return .json(200, #"{"access":"at-\#(call)","refresh":"mmr_\#(call)","token_type":"Bearer","expires_in":900,"session_id":"s"}"#)
        }) { server in
            let source = MintmarkSource.mintmark("http://127.0.0.1:\(server.port)/", refreshToken: Secret(text: "mmr_0"))
            for number in 1...3 {
                let token = try await source.fetchOnce()
                #expect(token.value.text == "at-\(number)")
            }
            #expect(server.requests.map(\.target) == ["/refresh", "/refresh", "/refresh"])
            #expect(server.requests.map { String(decoding: $0.body, as: UTF8.self) } == (0..<3).map { #"{"refresh":"mmr_\#($0)"}"# })
        }
    }

    @Test func rejectedTokenIsReportedBeforeAnotherIsAskedFor() async throws {
        try await LoopbackServer.run({ request in
            request.method == "POST" ? .json(200, "{}") : .token("at-2")
        }) { server in
            let source = MintmarkUpstreamSource.mintmark(
                "http://127.0.0.1:\(server.port)", upstream: "crm", clientID: "billing", authentication: .secret("s"))
            _ = try await source.fetchOnce()
            let token = try await source.fetch(TokenFetch(name: "test", rejected: Secret(text: "at-1")))
            #expect(token.value.text == "at-2")
            #expect(server.requests.map(\.target) == ["/upstreams/crm/token", "/upstreams/crm/invalidate", "/upstreams/crm/token"])
            #expect(server.requests.allSatisfy { $0.headers["authorization"] == ["Basic YmlsbGluZzpz"] })
            #expect(String(decoding: server.requests[1].body, as: UTF8.self) == #"{"access_token":"at-1"}"#)
        }
    }

    @Test func upstreamWithoutATokenSaysWhenToComeAgain() async throws {
        try await LoopbackServer.run({ _ in
            .json(503, #"{"error":"temporarily_unavailable"}"#, headers: [("Retry-After", "3")])
        }) { server in
            let source = MintmarkUpstreamSource.mintmark("http://127.0.0.1:\(server.port)", upstream: "crm")
            let refusal = OAuthRefusal(error: "temporarily_unavailable", status: 503)
            await #expect(throws: TokenSourceError(.refused(refusal), retryAfter: .seconds(3))) { try await source.fetchOnce() }
            #expect(!refusal.isFinal)
        }
    }
}
