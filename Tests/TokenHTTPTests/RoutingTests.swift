import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// Paths, methods, the key set and the listeners.
@Suite struct RoutingTests {
    @Test(arguments: ["/", "/nowhere", "/ping/", "//ping", "/PING", "/%70ing", "/sessions/a/b", "/healthz", "/metrics", "/clients", "*"])
    func anUnknownPathIs404(_ path: String) async throws {
        try await Harness.run { server in
            let reply = try await server.ask("GET", path)
            #expect(reply.status == 404 && reply.member("error") == "not_found")
        }
    }

    @Test(arguments: [
        ("GET", "/login", "POST"), ("PUT", "/login", "POST"), ("POST", "/ping", "GET, HEAD"), ("POST", "/authenticate", "GET, HEAD"),
        ("OPTIONS", "/sessions", "GET, HEAD"), ("GET", "/sessions/x", "DELETE"), ("PROPFIND", "/logout", "POST"), ("TRACE", "/ping", "GET, HEAD"),
    ])
    func anUnknownMethodIs405(_ method: String, _ path: String, _ allow: String) async throws {
        try await Harness.run { server in
            let reply = try await server.ask(method, path)
            #expect(reply.status == 405 && reply["Allow"] == allow && reply.member("error") == "method_not_allowed")
        }
    }

    @Test func theKeySetMayBeCached() async throws {
        try await Harness.run { server in
            let keys = try await server.ask("GET", "/.well-known/jwks.json")
            #expect(keys.status == 200 && keys["Cache-Control"] == "public, max-age=1800")
            #expect(keys.body.contains(try #require(server.keys.snapshot.ring.signing?.id.text)) && !keys.body.contains(#""d""#))
            let tag = try #require(keys["ETag"])
            for held in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let same = try await server.ask("GET", "/.well-known/jwks.json", ["If-None-Match: \(held)"])
                #expect(same.status == 304 && same["ETag"] == tag && same.body.isEmpty)
            }
            #expect(try await server.ask("GET", "/.well-known/jwks.json", ["If-None-Match: \"other\""]).status == 200)
        }
    }

    /// Canon 61: verbs only with the credential, probes without.
    @Test func theAdminListenerAsksForItsCredential() async throws {
        try await Harness.run { server in
            let session = try await server.login(#"{"user_id":9}"#)
            for (method, path) in [
                ("GET", "/clients"), ("POST", "/clients"), ("DELETE", "/clients/x"), ("GET", "/sessions?subject=9"),
                ("DELETE", "/sessions/\(session.session)"), ("POST", "/sessions/revoke"),
            ] {
                for fields in [[], ["Authorization: Bearer wrong"], [Harness.bearer(session.access)], ["Authorization: Basic eDp5"]] {
                    #expect(
                        try await Wire.ask(
                            server.ports.admin, Harness.request(method, path, fields, body: method == "POST" ? #"{"name":"x","subject":"9"}"# : nil)
                        ).status == 401)
                }
            }
            for path in ["/healthz", "/readyz", "/metrics"] {
                #expect(try await Wire.ask(server.ports.admin, Harness.request("GET", path)).status == 200)
            }
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(session.access)]).status == 200)
        }
    }

    @Test func anAdministratorSeesAndEndsSessions() async throws {
        try await Harness.run { server in
            let first = try await server.login(#"{"user_id":9}"#), second = try await server.login(#"{"user_id":9}"#)
            let list = try await server.administer("GET", "/sessions?subject=9")
            #expect(list.body.contains(first.session) && list.body.contains(second.session))
            #expect(try await server.administer("GET", "/sessions").status == 400)
            #expect(try await server.administer("DELETE", "/sessions/\(first.session)").status == 200)
            #expect(try await server.administer("DELETE", "/sessions/\(first.session)").status == 200, "idempotent")
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(first.access)]).status == 401)
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(second.access)]).status == 200)
            for subject in [#""9""#, "9"] {
                #expect(try await server.administer("POST", "/sessions/revoke", body: #"{"subject":\#(subject)}"#).status == 200)
            }
            #expect(try await server.ask("GET", "/authenticate", [Harness.bearer(second.access)]).status == 401)
        }
    }

    @Test func theMetricsListenerHasNoVerbs() async throws {
        try await Harness.run(configure: { $0.metrics = .init(host: "127.0.0.1", port: 0) }) { server in
            let port = try #require(server.ports.metrics)
            #expect(try await Wire.ask(port, Harness.request("GET", "/metrics")).body.contains("# TYPE mintmark_http_requests_total counter"))
            #expect(try await Wire.ask(port, Harness.request("GET", "/clients", ["Authorization: Bearer \(Harness.adminToken)"])).status == 404)
        }
    }
}
