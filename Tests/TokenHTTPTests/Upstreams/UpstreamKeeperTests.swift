import Testing
import TokenClient
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// What is told of upstreams: to the outbox and to whoever scrapes.
struct UpstreamKeeperTests {
    @Test func whatHappensToATokenStandsInTheOutbox() async throws {
        let crm = Mint("crm")
        let store = InMemoryStore()
        try await Harness.run(store: store, upstreams: Upstreams([crm.upstream(.loopback)])) { server in
            #expect(try await server.ask("GET", "/upstreams/crm/token").status == 200)
            crm.fail(TokenSourceError(.refused(OAuthRefusal(error: "<script>", status: 400))))
            _ = try await server.ask("POST", "/upstreams/crm/invalidate", body: #"{"access_token":"crm-1"}"#)
            var told: [Event] = []
            let deadline = ContinuousClock.now + .seconds(10)
            while told.count < 3, ContinuousClock.now < deadline {
                told = try await store.events(in: .control, after: 0, limit: 100).map(\.event).filter { $0.upstream != nil }
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(told.map(\.name) == [.upstreamRefreshed, .upstreamInvalidated, .upstreamFailed])
            #expect(told.allSatisfy { $0.upstream == "crm" })
            // What somebody else wrote is no word of ours.
            #expect(told.last?.reason == "refused")
            for event in told { #expect(try Event(stored: event.encoded()) == event) }
        }
    }

    @Test func figuresAreToldByUpstream() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback)])) { server in
            #expect(try await server.ask("GET", "/upstreams/crm/token").status == 200)
            let metrics = try await server.administer("GET", "/metrics").body
            #expect(metrics.contains(#"mintmark_upstream_fetches_total{upstream="crm"} 1"#))
            #expect(metrics.contains(#"mintmark_upstream_failures_total{upstream="crm"} 0"#))
            #expect(metrics.contains(#"mintmark_upstream_waiters{upstream="crm"} 0"#))
            #expect((3_500...3_600).contains(value("mintmark_upstream_token_expires_seconds", in: metrics) ?? 0))
            #expect((0..<100).contains(value("mintmark_upstream_token_age_seconds", in: metrics) ?? -1))
        }
    }

    private func value(_ name: String, in metrics: String) -> Double? {
        guard let start = metrics.firstRange(of: "\n\(name){upstream=\"crm\"} ") else { return nil }
        return Double(metrics[start.upperBound...].prefix { $0 != "\n" })
    }
}
