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
            #expect(metrics.contains(#"mintmark_upstream_token_expires_seconds{upstream="crm"} 359"#))
            #expect(metrics.contains(#"mintmark_upstream_token_age_seconds{upstream="crm"} 0"#))
        }
    }
}
