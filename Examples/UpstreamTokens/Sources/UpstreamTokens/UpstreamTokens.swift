import TokenClient
import TokenTransport

/// Gets a token with client credentials, shows who hears of it, and asks a thousand times at once:
///
///     swift run UpstreamTokens https://crm.example/oauth2/token shop SECRET read
@main
struct UpstreamTokens {
    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count == 5 else {
            print("usage: UpstreamTokens TOKEN_URL CLIENT_ID SECRET SCOPE")
            return
        }
        let manager = TokenManager(
            name: "crm", source: .clientCredentials(tokenURL: words[1], clientID: words[2], secret: words[3], scope: words[4]))
        let events = manager.events

        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<1000 { group.addTask { try await manager.token().value } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        print("1000 callers, \(values.count) token, \(manager.status.fetches) request")

        // As after a 401: only if it is still the one that is served.
        manager.invalidate(try await manager.token())
        print("after a 401: token \(try await manager.token().number)")

        var heard = 0
        for await event in events {
            switch event {
            case .refreshed(let token): print("refreshed: \(token)")
            case .failed(let error, let pause): print("failed: \(error) Next in \(pause).")
            case .invalidated(let number): print("token \(number) was not accepted")
            case .expired(let number): print("token \(number) is over")
            }
            heard += 1
            if heard == 3 { return }
        }
    }
}
