import Foundation
import NIOHTTP1
import Testing

extension Proofs {
    /// What a scraper reads from a running server.
    @Suite struct MetricsProofTests {
        @Test func thePageNamesEveryMetricAndNoOther() async throws {
            let upstream = ["source": "exec", "command": #"echo,{"token":"t"}"#, "allow": "loopback"]
            try await scrape(with: Dictionary(uniqueKeysWithValues: upstream.map { ("upstreams.crm.\($0.key)", $0.value) })) { _ in
            } check: { text in
                let told = Set(text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] })
                let page = try String(contentsOfFile: Repository.path + "/docs/metrics.md", encoding: .utf8)
                // What instances of a shared store tell beside it is asked of one in WatchedMetricsProofTests.
                let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") && !$0.contains("| with `store.url`:") }
                let written = Set(rows.map { $0.split(separator: "`")[1] })
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

        /// What was done and what is told of it, in the units that the names say.
        @Test func commitsAndTheAgeOfKeysAreWhatTheyWere() async throws {
            let clock = ContinuousClock(), began = clock.now
            var kid = ""
            try await scrape { service in
                for user in 0..<Int64(20) {
                    let pair = try #require(await service.login(user).value)
                    #expect(await service.refresh(pair.refresh).value != nil)
                }
                let document = try await service.connection.send(.GET, "/.well-known/jwks.json").body
                kid = try #require(JSONDecoder().decode(KeySet.self, from: Data(document)).keys.first?.kid)
            } check: { text in
                let figures = Self.figures(text)
                let most = (clock.now - began) / .seconds(1)
                let commits = try #require(figures["mintmark_store_commit_batches_count"])
                let batches = try #require(figures["mintmark_store_commit_batches_sum"])
                let seconds = try #require(figures["mintmark_store_commit_seconds_sum"])
                #expect(commits >= 40 && batches >= commits, "nobody else was there to share a commit with")
                #expect(try #require(figures[#"mintmark_store_commit_batches_bucket{le="1.0"}"#]) >= 40)
                #expect(figures["mintmark_store_commit_seconds_count"] == commits && seconds > 0 && seconds < most)
                let age = try #require(figures[#"mintmark_key_age_seconds{state="signing",kid="\#(kid)"}"#])
                #expect(age > 0 && age < most)
            }
        }

        private struct KeySet: Decodable {
            struct Key: Decodable { let kid: String }
            let keys: [Key]
        }

        /// Every sample by its name and labels.
        private static func figures(_ text: String) -> [String: Double] {
            var figures: [String: Double] = [:]
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                guard let blank = line.lastIndex(of: " ") else { continue }
                figures[String(line[..<blank])] = Double(line[line.index(after: blank)...])
            }
            return figures
        }

        private func scrape(
            with settings: [String: String] = [:], _ work: (HTTPService) async throws -> Void, check: (String) throws -> Void
        ) async throws {
            try await DataFolder.use { folder in
                let operate = try await Operator(folder)
                try await ServerProcess.use(folder, operate.settings.merging(settings) { $1 }) { server in
                    try await work(HTTPService(connection: try await HTTPConnection.open(port: server.port)))
                    let scraper = try await HTTPConnection.open(port: operate.ports.admin)
                    try check(try await scraper.send(.GET, "/metrics").text)
                }
            }
        }
    }
}
