import Synchronization
import Testing
import TokenClient
import TokenCore

@Suite struct TokenManagerTests {
    @Test func callersAtAColdStartShareOneFetch() async throws {
        let calls = Mutex(0)
        let source = ClosureSource("one") { _ in
            let number = calls.withLock {
                $0 += 1; return $0
            }
            try await Task.sleep(for: .milliseconds(50))
            return IssuedToken("token-\(number)", lifetime: .lasting(.seconds(60)))
        }
        let manager = TokenManager(name: "one", source: source)
        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<10_000 { group.addTask { try await manager.token().value } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(values == ["token-1"])
        #expect(calls.withLock { $0 } == 1)
    }
}
