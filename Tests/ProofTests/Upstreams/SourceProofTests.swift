import AsyncHTTPClient
import Foundation
import JOSE
import NIOHTTP1
import Testing
import TokenClient
import TokenCore
import TokenTransport

extension Proofs {
    /// The sources at authorization servers that run: one that is not ours, and a Mintmark.
    @Suite struct SourceProofTests {
        private static let shop = AuthorizationServer.shop

        /// Fetches follow one another as fast as they are asked for.
        private static let atOnce = {
            var policy = UpstreamPolicy()
            policy.leastInterval = .zero
            return policy
        }()

        @Test func aServerThatIsNotOursTakesWhatIsSent() async throws {
            try await AuthorizationServer.use { server in
                // The same client in both ways of showing its secret.
                for authentication in [ClientAuthentication.secret(Self.shop.secret), .secretPost(Secret(Array(Self.shop.secret.utf8)))] {
                    let manager = TokenManager(
                        name: "shop",
                        source: .clientCredentials(
                            tokenURL: server.tokenURL, clientID: Self.shop.id, authentication: authentication,
                            request: GrantRequest(scope: "read write")))
                    let token = try await manager.token()
                    #expect(token.scope == "read write" && token.type == "Bearer")
                    #expect(try await scope(of: token, at: server) == "read write")
                }
                // By a key: each assertion is taken once, so every fetch has one of its own.
                let robot = TokenManager(
                    name: "robot",
                    source: .clientCredentials(
                        tokenURL: server.tokenURL, clientID: "robot", authentication: .privateKeyJWT(ClientKey(server.robot)),
                        request: GrantRequest(scope: "write")),
                    policy: Self.atOnce)
                for _ in 0..<3 { #expect(robot.invalidate(try await robot.token())) }
                #expect(try await robot.token().number == 4)
                // A service account, on behalf of somebody.
                let account = JWTBearerSource.Account(issuer: "robot", subject: "ann", key: ClientKey(server.robot))
                let ann = TokenManager(
                    name: "ann", source: .jwtBearer(tokenURL: server.tokenURL, account: account, request: GrantRequest(scope: "read")))
                #expect(try await scope(of: try await ann.token(), at: server) == "read")
            }
        }

        @Test func rotationGoesOnAndAUsedTokenIsRefused() async throws {
            try await AuthorizationServer.use { server in
                let source = refresh("first-0", at: server)
                var values = Set<String>()
                for _ in 0..<20 {
                    let token = try await source.fetch(TokenFetch(name: "shop"))
                    #expect(token.lifetime == .lasting(.seconds(300)))
                    values.insert(String(decoding: token.value.bytes, as: UTF8.self))
                }
                #expect(values.count == 20)
                // Who comes with the first one again ends the family, and is told so in the server's own word.
                let refusal = TokenSourceError(.refused(OAuthRefusal(error: "invalid_grant", status: 400)))
                await #expect(throws: refusal) { try await refresh("first-0", at: server).fetch(TokenFetch(name: "shop")) }
                await #expect(throws: refusal) { try await source.fetch(TokenFetch(name: "shop")) }
                #expect(refusal.isFinal)
            }
        }

        @Test func refusalsOfAServerThatIsNotOursAreItsOwnWords() async throws {
            try await AuthorizationServer.use { server in
                func refusal(_ id: String, _ secret: String, _ scope: String = "read") async -> OAuthRefusal? {
                    let source = ClientCredentialsSource.clientCredentials(
                        tokenURL: server.tokenURL, clientID: id, secret: secret, scope: scope)
                    do throws(TokenSourceError) { _ = try await source.fetch(TokenFetch(name: "shop")) } catch {
                        if case .refused(let refusal) = error.reason { return refusal }
                    }
                    return nil
                }
                let unknown = await refusal("nobody", "x-very-secret")
                #expect(unknown?.error == "invalid_client" && unknown?.status == 401)
                #expect(unknown?.description == "The client does not exist on this server.")
                let wrong = await refusal(Self.shop.id, "x-very-secret")
                #expect(wrong?.error == "invalid_client" && wrong?.status == 401)
                let wide = TokenManager(name: "shop", source: refresh("first-1", at: server, scope: "admin"))
                await #expect {
                    try await wide.token()
                } throws: { error in
                    guard case TokenManagerError.failed(let failure, _) = error, case .refused(let refusal) = failure.reason else { return false }
                    return refusal.error == "invalid_scope" && refusal.description != nil
                }
                // One request: a failure is shared, and what will not change is not asked again at once.
                await #expect(throws: TokenManagerError.self) { try await wide.token() }
                let asked = try await server.count("refresh_token")
                #expect(asked == 1)
            }
        }

        @Test func fiftyRequestsThatAreRefusedCauseOneFetch() async throws {
            try await AuthorizationServer.use { server in
                let manager = TokenManager(
                    name: "shop",
                    source: .clientCredentials(tokenURL: server.tokenURL, clientID: Self.shop.id, secret: Self.shop.secret, scope: "read"))
                _ = try await manager.token()
                try await server.endAllAccess()
                let http = AuthorizedHTTPClient(manager)
                let statuses = try await withThrowingTaskGroup(of: HTTPResponseStatus.self) { group in
                    for _ in 0..<50 { group.addTask { try await http.execute(HTTPClientRequest(url: server.resourceURL)).status } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(statuses == Array(repeating: .ok, count: 50))
                #expect(try await server.count("client_credentials") == 2)
            }
        }

        @Test func aSessionOfMintmarkLastsThroughManyRotations() async throws {
            try await DataFolder.use { folder in
                try await ServerProcess.use(folder) { server in
                    let origin = "http://127.0.0.1:\(server.port)"
                    let login = FetchRequest(
                        try WebURL(origin + "/login"), method: "POST", headers: [("Content-Type", "application/json")],
                        body: Array(#"{"user_id":7}"#.utf8))
                    let pair = try await Fetcher().send(login, policy: FetchPolicy(reach: .anywhere))
                    let first = try #require(try JSONValue(parsing: pair.body).object?["refresh"]?.string)
                    let manager = TokenManager(
                        name: "session", source: .mintmark(origin, refreshToken: Secret(Array(first.utf8))), policy: Self.atOnce)
                    let http = AuthorizedHTTPClient(manager)
                    var values = Set<String>()
                    for _ in 0..<50 {
                        let token = try await manager.token()
                        #expect(token.expiresAt != nil)
                        values.insert(token.value)
                        manager.invalidate(token)
                    }
                    #expect(values.count == 50)
                    let authenticated = try await http.execute(HTTPClientRequest(url: origin + "/authenticate"))
                    #expect(authenticated.status == .ok)
                    // Its end is the server's word too.
                    var logout = HTTPClientRequest(url: origin + "/logout")
                    logout.method = .POST
                    let ended = try await http.execute(logout)
                    #expect(ended.status == .ok)
                    manager.invalidate(try await manager.token())
                    await #expect {
                        try await manager.token()
                    } throws: { error in
                        guard case TokenManagerError.failed(let failure, _) = error, case .refused(let refusal) = failure.reason else { return false }
                        return refusal.error == "invalid_token" && refusal.status == 401
                    }
                }
            }
        }

        private func refresh(_ token: String, at server: AuthorizationServer, scope: String = "") -> RefreshTokenSource {
            .refreshToken(
                tokenURL: server.tokenURL, clientID: Self.shop.id, authentication: .secret(Self.shop.secret),
                refreshToken: Secret(Array(token.utf8)), request: GrantRequest(scope: scope))
        }

        /// What the server's own resource takes the token for.
        private func scope(of token: AccessToken, at server: AuthorizationServer) async throws -> String? {
            let request = FetchRequest(try WebURL(server.resourceURL), headers: [("Authorization", "Bearer \(token.value)")])
            return try JSONValue(parsing: try await Fetcher().send(request, policy: FetchPolicy(reach: .anywhere)).body).object?["scope"]?.string
        }
    }
}
