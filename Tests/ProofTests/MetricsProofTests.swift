import Foundation
import NIOHTTP1
import Testing

extension Proofs {
    /// What a scraper reads from a running server.
    @Suite struct MetricsProofTests {
        @Test func thePageNamesEveryMetricAndNoOther() async throws {
            try await scrape { _ in
            } check: { text in
                let told = Set(text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] })
                let page = try String(contentsOfFile: Repository.path + "/docs/metrics.md", encoding: .utf8)
                let written = Set(page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { $0.split(separator: "`")[1] })
                #expect(told.count > 10 && told == written)
            }
        }

        @Test func endedSessionsAreNotAmongTheLive() async throws {
            try await scrape { service in
                for user in 0..<Int64(5) {
                    let pair = try #require(await service.login(user).value)
                    _ = await service.refresh(pair.refresh)
                    if user < 2 { #expect(await service.logout(pair.access).value != nil) }
                }
            } check: { text in
                #expect(text.contains("\nmintmark_sessions_live 3\n"))
                #expect(text.contains("\nmintmark_tokens_issued_total 5\n") && text.contains("\nmintmark_tokens_revoked_total 2\n"))
                #expect(text.contains(#"mintmark_http_requests_total{route="/login",status="200"} 5"#))
            }
        }

        private func scrape(_ work: (HTTPService) async throws -> Void, check: (String) throws -> Void) async throws {
            try await DataFolder.use { folder in
                let operate = try await Operator(folder)
                try await ServerProcess.use(folder, operate.settings) { server in
                    try await work(HTTPService(connection: try await HTTPConnection.open(port: server.port)))
                    let scraper = try await HTTPConnection.open(port: operate.ports.admin)
                    try check(try await scraper.send(.GET, "/metrics").text)
                }
            }
        }
    }
}
