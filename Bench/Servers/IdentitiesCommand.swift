import ArgumentParser
import TokenClient
import TokenCore

/// Fills a registry and says what an identity weighs. A process of its own, so that nothing else is in the memory.
struct IdentitiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "identities", abstract: "Resident memory of identities at rest.")

    @Option(help: "How many.")
    var count = 100_000

    @Option(help: "Bytes of each token.")
    var length = 43

    func run() async throws {
        let figures = ProcessFigures(pid: ProcessFigures.own)
        let registry = TokenManagers(name: "identities", most: self.count * 2)
        // What the first ones make once, threads and their tables, is nobody's.
        try await self.fill(registry, from: 0, count: 1000)
        guard let before = figures.resident else { throw BenchError("this system does not tell its memory") }
        try await self.fill(registry, from: 1000, count: self.count)
        guard let after = figures.resident, registry.count == self.count + 1000 else { throw BenchError("identities are missing") }
        print("each \(Double(after - before) / Double(self.count))")
        flushOutput()
    }

    private func fill(_ registry: TokenManagers, from first: Int, count: Int) async throws {
        for number in first..<(first + count) {
            let token = try await registry.token(for: UserSource(number, length: self.length))
            guard token.value.utf8.count == self.length else { throw BenchError("another token") }
        }
    }
}

/// A token of one user of many, as a token exchange would bring it.
private struct UserSource: TokenSource {
    let identity: TokenIdentity
    let length: Int

    init(_ number: Int, length: Int) {
        identity = TokenIdentity(
            issuer: "https://login.example.com/oauth2/token", client: "backend-for-frontend", grant: "token_exchange", scope: "read",
            subject: "user-\(1_000_000_000 + number)")
        self.length = length
    }

    func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        IssuedToken(Secret([UInt8](repeating: 0x61, count: length)), lifetime: .lasting(.seconds(3600)))
    }
}
