import NIOCore
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// What was done is what `/metrics` says was done.
@Suite struct MetricsTests {
    /// Five logins, four refreshes, three retries, two reuses, one logout: no two figures are alike.
    @Test func everyKindOfEventHasItsOwnFigure() async throws {
        try await Harness.run { server in
            func refresh(_ token: String) async throws -> String? {
                try await server.ask("POST", "/refresh", body: #"{"refresh":"\#(token)"}"#).member("refresh")
            }
            var sessions: [(access: String, refresh: String, session: String)] = []
            for _ in 0..<5 { sessions.append(try await server.login()) }
            let second = try #require(try await refresh(sessions[0].refresh))
            #expect(try await refresh(second) != nil)
            #expect(try await refresh(sessions[0].refresh) == nil, "its successor was used")
            #expect(try await refresh(sessions[1].refresh) != nil)
            let successor = try await refresh(sessions[2].refresh)
            for _ in 0..<3 { #expect(try await refresh(sessions[2].refresh) == successor) }
            server.clock.advance(by: .seconds(31))
            #expect(try await refresh(sessions[1].refresh) == nil, "the window is over")
            #expect(try await server.ask("POST", "/logout", [Harness.bearer(sessions[3].access)]).status == 200)

            let lines = try await server.metrics()
            for (name, count) in [("issued", 5), ("refreshed", 4), ("retried", 3), ("reused", 2), ("revoked", 1)] {
                #expect(lines.contains("mintmark_tokens_\(name)_total \(count)"))
            }
            #expect(lines.contains("mintmark_revocations_live 3"), "two families that were reused and one that was left")
            #expect(lines.contains(#"mintmark_http_requests_total{route="/refresh",status="200"} 7"#))
            #expect(lines.contains(#"mintmark_http_requests_total{route="/refresh",status="401"} 2"#))
        }
    }

    /// What is refused before it is a request is answered all the same, and so it is counted; on both listeners.
    @Test func whatIsRefusedUnreadIsCounted() async throws {
        let refused = [
            (400, ["GET /ping\r\n\r\n", "GET http://evil.example/ping HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
            (405, ["BREW /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"]),
            (
                408,
                [
                    "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{",
                    "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
                ]
            ),
            (431, [Harness.request("GET", "/ping", ["X-Long: " + String(repeating: "x", count: 21_000)])]),
            (501, [Harness.request("POST", "/login", ["Transfer-Encoding: gzip, chunked"])]),
        ]
        try await Harness.run(configure: { $0.limits = .impatient(idle: .seconds(60)) }) { server in
            for (status, texts) in refused {
                for text in texts {
                    for port in [server.ports.main, server.ports.admin] {
                        #expect(try await Wire.ask(port, text).status == status, "\(text.prefix(40))")
                    }
                }
            }
            let lines = try await server.metrics()
            for (status, texts) in refused {
                #expect(lines.contains(#"mintmark_http_requests_total{route="other",status="\#(status)"} \#(2 * texts.count)"#), "\(status)")
            }
            #expect(!lines.contains { $0.hasPrefix(#"mintmark_http_request_duration_seconds_count{route="other""#) }, "nobody knows since when")
            #expect(!lines.contains { $0.contains(#"route="/login""#) }, "and none of them was served")
        }
    }
}

extension Harness {
    /// The page for scrapers, by line.
    fileprivate func metrics() async throws -> [Substring] {
        try await Wire.ask(ports.admin, Self.request("GET", "/metrics")).body.split(separator: "\n")
    }
}
