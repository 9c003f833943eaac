import JOSE
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

struct PoolMetricsTests {
    @Test func figuresOfEachPoolAreShown() async throws {
        try await Harness.run(pool: PoolPolicy(rest: .zero)) { server in
            _ = try await server.generate(3)
            let held = try await server.assign()
            server.clock.advance(by: .seconds(10))
            _ = try await server.ask("POST", "/tokens/unblock", body: #"{"token":"\#(held.token)"}"#)
            _ = try await server.assign()
            let text = try await server.administer("GET", "/metrics").body
            for line in [
                #"mintmark_pool_tokens{pool="default",state="free"} 2"#, #"mintmark_pool_tokens{pool="default",state="assigned"} 1"#,
                #"mintmark_pool_waiters{pool="default"} 0"#, #"mintmark_pool_events_total{pool="default",event="assigned"} 2"#,
                #"mintmark_pool_hold_seconds_bucket{pool="default",le="10.0"} 1"#, #"mintmark_pool_wait_seconds_count{pool="default"} 0"#,
            ] { #expect(text.contains(line), "\(line)") }
        }
    }
}
