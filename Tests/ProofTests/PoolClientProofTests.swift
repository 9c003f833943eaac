import Foundation
import NIOHTTP1
import Synchronization
import Testing
import TokenCore
import TokenPoolClient
import ValkeyServer

extension Proofs {
    /// The Swift library at a real server: however the work on a token ends, the token goes back, and it ends before somebody else could have it.
    @Suite struct PoolClientProofTests {
        private static let lifetime = Duration.seconds(2)

        @Test func aTokenIsGivenBackOnEveryWayOut() async throws {
            try await onAPool { pools, state in
                struct Broken: Error {}
                let value = try await pools.withToken { token in
                    let standing = try await state()
                    #expect(standing == "assigned")
                    return token.value
                }
                #expect(value == "ONE")
                #expect(try await state() == "free")
                await #expect(throws: Broken.self) { try await pools.withToken { _ in throw Broken() } }
                #expect(try await state() == "free")
                let (begins, begin) = AsyncStream.makeStream(of: Void.self)
                let cancelled = Task {
                    try await pools.withToken { _ in
                        begin.yield()
                        try await Task.sleep(for: .seconds(30))
                    }
                }
                for await _ in begins { break }
                cancelled.cancel()
                await #expect(throws: CancellationError.self) { try await cancelled.value }
                #expect(try await state() == "free")
            }
        }

        @Test func aTokenIsKeptAliveForAsLongAsTheWorkTakes() async throws {
            try await onAPool { pools, _ in
                try await pools.withToken { _ in
                    try await Task.sleep(for: Self.lifetime * 2)
                    await #expect(throws: PoolClientError.self) { try await pools.assign() }
                }
            }
        }

        @Test func whoeverWaitsGetsItInTurn() async throws {
            try await onAPool { pools, _ in
                async let first = pools.withToken { _ in try await Task.sleep(for: .seconds(1)) }
                try await Task.sleep(for: .milliseconds(300))
                let began = ContinuousClock.now
                // Longer than an assignment lasts: what is counted from the request would be over before it began.
                let waited = try await pools.withToken(wait: .seconds(10)) { _ in ContinuousClock.now - began }
                #expect(waited > .milliseconds(300) && waited < .seconds(8), "\(waited)")
                try await first
            }
        }

        @Test func theWorkIsCancelledBeforeAServerThatIsGoneCouldAssignTheTokenAgain() async throws {
            try await onAPool { pools, _, server in
                let began = ContinuousClock.now
                let cancelled = Mutex<Duration?>(nil)
                await #expect(throws: PoolClientError.leaseLost) {
                    try await pools.withToken { _ in
                        await server.kill()
                        do { try await Task.sleep(for: .seconds(30)) } catch { cancelled.withLock { $0 = .now - began } }
                        try Task.checkCancellation()
                    }
                }
                let after = try #require(cancelled.withLock { $0 })
                #expect(after < Self.lifetime, "\(after)")
            }
        }

        @Test func theWorkIsCancelledAtOnceWhenTheTokenIsTakenAway() async throws {
            try await onAPool { pools, _, server in
                await #expect(throws: PoolClientError.leaseLost) {
                    try await pools.withToken { _ in
                        let connection = try await HTTPConnection.open(port: server.port)
                        let deleted = try await connection.send(.DELETE, "/pools/default/delete", body: #"{"token": "ONE"}"#)
                        #expect(deleted.status == 200, "\(deleted.text)")
                        try await Task.sleep(for: .seconds(30))
                    }
                }
            }
        }

        @Test func aFailureThatIsReportedLetsTheTokenRest() async throws {
            try await onAPool { pools, state in
                try await pools.withToken { token in
                    try await token.reportFailure("429", retryAfter: .seconds(30))
                    await #expect(throws: PoolClientError.ended) { try await token.reportFailure("429") }
                }
                #expect(try await state() == "resting")
                await #expect { try await pools.assign() } throws: {
                    if case PoolClientError.noneFree(let after?) = $0 { after >= .seconds(28) && after <= .seconds(30) } else { false }
                }
            }
        }

        @Test func theSwiftOfTheReadmeIsWhatRunsHere() async throws {
            try await onAPool { _, _, server in
                let url = "http://127.0.0.1:\(server.port)"
                let pools = TokenPoolClient(url: url)
                let answer = try await pools.withToken(pool: .usual, wait: .seconds(10)) { token in
                    try await work(with: token.value, fencedBy: token.lease)
                }
                #expect(answer == "done with ONE")
                let source = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
                let lines = try Readme.section("## Pools of tokens").split(separator: "```swift\n").last?.split(separator: "```").first?
                    .split(separator: "\n").filter { !$0.hasPrefix("import") && !$0.contains("TokenPoolClient(url:") }
                for line in try #require(lines) { #expect(source.contains(line.trimmingCharacters(in: .whitespaces)), "\(line)") }
            }
        }

        private func work(with value: String, fencedBy lease: LeaseNumber) async throws -> String { "done with \(value)" }

        private func onAPool(_ body: (TokenPoolClient, @escaping @Sendable () async throws -> String) async throws -> Void) async throws {
            try await onAPool { pools, state, _ in try await body(pools, state) }
        }

        /// A pool of one token that does not rest; `state` asks how the token stands.
        private func onAPool(
            _ body: (TokenPoolClient, @escaping @Sendable () async throws -> String, ServerProcess) async throws -> Void
        ) async throws {
            struct List: Decodable {
                struct Token: Decodable { let state: String }
                let tokens: [Token]
            }
            try await DataFolder.use { folder in
                let settings = ["pools.lifetime": "2s", "pools.unblock_lifetime": "0s", "pools.keep_alive_limit": "0s"]
                try await ServerProcess.use(folder, settings) { server in
                    let connection = try await HTTPConnection.open(port: server.port)
                    let imported = try await connection.send(
                        .POST, "/pools/default/import", fields: [("Content-Type", "application/x-ndjson")], body: #"{"token": "ONE"}"#)
                    try #require(imported.status == 200, "\(imported.text)")
                    try await body(
                        TokenPoolClient(url: "http://127.0.0.1:\(server.port)"),
                        {
                            let reply = try await connection.send(.GET, "/pools/default/list")
                            return try JSONDecoder().decode(List.self, from: Data(reply.body)).tokens.first?.state ?? "gone"
                        }, server)
                }
            }
        }
    }
}
