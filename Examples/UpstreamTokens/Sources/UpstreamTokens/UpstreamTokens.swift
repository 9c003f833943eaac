import TokenClient
import TokenTransport

/// Gets a token, asks for it a thousand times at once, gives it up as after a 401, and shows what an observer hears of all that:
///
///     swift run UpstreamTokens https://crm.example/oauth2/token shop SECRET read     # client credentials, from their issuer
///     swift run UpstreamTokens http://localhost:8090 crm                             # from a sidecar that has an upstream of that name
@main
struct UpstreamTokens {
    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.count {
        case 2: try await show(TokenManager(name: "crm", source: .mintmark(words[0], upstream: words[1])))
        case 4:
            let (tokenURL, clientID, secret, scope) = (words[0], words[1], words[2], words[3])
            let manager = TokenManager(
                name: "crm", source: .clientCredentials(tokenURL: tokenURL, clientID: clientID, secret: secret, scope: scope))
            try await show(manager)
        default: print("usage: UpstreamTokens TOKEN_URL CLIENT_ID SECRET SCOPE\n       UpstreamTokens SIDECAR_URL UPSTREAM")
        }
    }

    static func show(_ manager: TokenManager) async throws {
        let events = manager.events
        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<1000 { group.addTask { try await manager.token().value } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        print("1000 callers, \(values.count) token, \(manager.status.fetches) request")

        let token = try await manager.token()  // the first caller waits; afterwards a look at what this thread knows
        let authorization = "\(token.type) \(token.value)"
        print("Authorization: \(authorization.prefix(10))…")
        // After a 401: only if it is still the one that is served. Fifty of them cause one request.
        manager.invalidate(token)
        print("after a 401: token \(try await manager.token().number)")
        await tell(events.prefix(3))
    }

    static func tell(_ events: some AsyncSequence<TokenEvent, Never>) async {
        for await event in events {
            switch event {
            case .refreshed(let token): print("refreshed: \(token)")
            case .failed(let error, let pause): print("failed: \(error) Next in \(pause).")
            case .invalidated(let number): print("token \(number) was not accepted")
            case .expired(let number): print("token \(number) is over")
            }
        }
    }
}
