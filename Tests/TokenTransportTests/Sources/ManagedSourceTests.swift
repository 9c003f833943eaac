import LoopbackServer
import Synchronization
import Testing
import TokenClient
import TokenCore
import TokenTransport

/// Managers over real endpoints: what went wrong before in programs that others wrote.
@Suite("Managers of tokens from an endpoint")
struct ManagedSourceTests {
    private static func manager(_ server: LoopbackServer, scope: String, _ managers: TokenManagers) throws -> TokenManager {
        try managers.manager(
            for: .clientCredentials(tokenURL: server.tokenURL, clientID: "shop", secret: "very-secret", scope: scope) as ClientCredentialsSource)
    }

    @Test("the trap of the shared cache: a token fetched for one scope never answers for another")
    func tokenOfOneScopeNeverAnswersForAnother() async throws {
        try await LoopbackServer.run({ request in
            let scope = parseForm(request.body)["scope"]?.first ?? ""
            return .token("for-\(scope.replacing(" ", with: "-"))")
        }) { server in
            let managers = TokenManagers(name: "crm")
            let scopes = ["read", "write", "read write", "write read", ""]
            let values = try await withThrowingTaskGroup(of: (String, String).self) { group in
                for scope in scopes {
                    let manager = try Self.manager(server, scope: scope, managers)
                    for _ in 0..<20 { group.addTask { (scope, try await manager.token().value) } }
                }
                return try await group.reduce(into: [String: Set<String>]()) { $0[$1.0, default: []].insert($1.1) }
            }
            #expect(values["read"] == ["for-read"] && values["write"] == ["for-write"] && values[""] == ["for-"])
            // The order of scopes means nothing: one request, whichever came first.
            #expect(values["read write"] == values["write read"] && values["read write"]?.count == 1)
            #expect(server.requests.count == 4 && managers.count == 4)
        }
    }

    @Test("the trap of the failed flight: a failure does not stick")
    func failedFlightDoesNotStick() async throws {
        let isDown = Mutex(true)
        try await LoopbackServer.run({ _ in isDown.withLock { $0 } ? .init(503) : .token() }) { server in
            var policy = UpstreamPolicy()
            policy.firstPause = .milliseconds(20)
            let manager = TokenManager(
                name: "crm", source: .clientCredentials(tokenURL: server.tokenURL, clientID: "shop", secret: "very-secret", scope: "read"),
                policy: policy)
            await #expect(throws: TokenManagerError.self) { try await manager.token() }
            isDown.withLock { $0 = false }
            let clock = ContinuousClock(), begun = clock.now
            var value: String?
            while value == nil, clock.now - begun < .seconds(10) {
                value = try? await manager.token().value
                if value == nil { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(value == "at-1")
        }
    }

    @Test func answersThatDifferInLengthAreServedUntilTheirOwnEnd() async throws {
        let calls = Mutex(0)
        try await LoopbackServer.run({ _ in
            let call = calls.withLock {
                $0 += 1; return $0
            }
            // The second lasts for less than what is left of the first.
            return .token("at-\(call)", expiresIn: call == 1 ? 3600 : 60)
        }) { server in
            let manager = TokenManager(
                name: "crm", source: .clientCredentials(tokenURL: server.tokenURL, clientID: "shop", secret: "very-secret"))
            let first = try await manager.token()
            #expect(manager.invalidate(first))
            let second = try await manager.token()
            #expect(first.value == "at-1" && second.value == "at-2" && second.number > first.number)
            #expect(try #require(second.expiresAt) < (try #require(first.expiresAt)))
        }
    }
}
