import JOSE
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// Pools made, changed, looked at and removed.
struct PoolManagementTests {
    @Test func aPoolIsMadeOnceWithItsRules() async throws {
        try await Harness.run { server in
            let rules =
                #"{"order":"least_recently_used","lifetime":"2m","unblock_lifetime":0,"keep_alive_limit":"1d","max_tokens":7,"max_hold":"1h","#
                + #""max_per_holder":2,"quarantine_after":3,"rate":{"count":100,"per":"1h"}}"#
            let made = try await server.ask("POST", "/pools/ci", body: rules)
            #expect(made.status == 201)
            let policy =
                #""policy":{"order":"least_recently_used","lifetime":120,"unblock_lifetime":0,"keep_alive_limit":86400,"max_tokens":7,"#
                + #""max_hold":3600,"max_per_holder":2,"quarantine_after":3,"parts":1,"rate":{"count":100,"per":3600}}"#
            #expect(made.body.contains(policy))
            #expect(try await server.ask("POST", "/pools/ci", body: rules).status == 200)
            #expect(try await server.ask("POST", "/pools/ci", body: "{}").status == 409)
            let (shown, stats) = (try await server.ask("GET", "/pools/ci"), try await server.ask("GET", "/pools/ci/stats"))
            #expect(shown.status == 200 && shown.body == stats.body)
            #expect(try await server.ask("POST", "/pools/plain").status == 201, "the defaults")
        }
    }

    @Test func aPoolIsChangedInPartOrWhole() async throws {
        try await Harness.run { server in
            #expect(try await server.ask("PUT", "/pools/ci", body: #"{"lifetime":30,"max_hold":60}"#).status == 201)
            let patched = try await server.ask("PATCH", "/pools/ci", body: #"{"unblock_lifetime":5,"max_hold":null}"#)
            #expect(
                patched.status == 200 && patched.body.contains(#""lifetime":30,"unblock_lifetime":5"#) && patched.body.contains(#""max_hold":null"#))
            #expect(try await server.ask("PUT", "/pools/ci", body: #"{"lifetime":31}"#).body.contains(#""lifetime":31,"unblock_lifetime":120"#))
            #expect(try await server.ask("PATCH", "/pools/ci", body: #"{"order":"random"}"#).status == 409)
            #expect(try await server.ask("PATCH", "/pools/none", body: "{}").status == 404)
            #expect(try await server.ask("DELETE", "/pools/ci").status == 200)
            #expect(try await server.ask("DELETE", "/pools/ci").status == 404)
        }
    }

    @Test func aPoolOfPartsIsMadeFilledAndRemoved() async throws {
        try await Harness.run { server in
            let made = try await server.ask("POST", "/pools/ci", body: #"{"parts":8,"unblock_lifetime":0}"#)
            #expect(made.status == 201 && made.body.contains(#""parts":8"#))
            #expect(try await server.ask("PATCH", "/pools/ci", body: #"{"parts":4}"#).status == 409)
            let values = try await server.generate(30, "/pools/ci")
            var taken: Set<String> = []
            for _ in 0..<30 { taken.insert(try await server.assign("/pools/ci").token) }
            #expect(taken == Set(values))
            #expect(try await server.ask("POST", "/pools/ci/assign").status == 404)
            #expect(try await server.ask("POST", "/pools/ci/unblock", body: #"{"token":"\#(values[7])"}"#).status == 200)
            #expect(try await server.ask("POST", "/pools/ci/assign?wait=1s").json?["token"]?.string == values[7])
            #expect(try await server.count("assigned", "ci") == 30)
            let names = try await server.ask("GET", "/pools").json?["pools"]?.array?.compactMap { $0.object?["pool"]?.string }
            #expect(names == ["ci", "default"])
            #expect(try await server.ask("DELETE", "/pools/ci").status == 200)
            #expect(try await server.ask("GET", "/pools/ci").status == 404)
        }
    }

    @Test func theConfiguredPoolIsLeftToTheConfiguration() async throws {
        try await Harness.run { server in
            for (method, body) in [("PUT", "{}"), ("PATCH", "{}"), ("DELETE", nil), ("POST", "{}")] {
                let reply = try await server.ask(method, "/pools/default", body: body)
                #expect(reply.status == 409, "\(method)")
            }
        }
    }

    @Test(arguments: [
        "x", "[]", #"{"lifetime":0}"#, #"{"lifetime":"x"}"#, #"{"lifetime":1.5}"#, #"{"lifetime":-1}"#, #"{"lifetime":null}"#,
        #"{"lifetme":60}"#, #"{"order":"lifo"}"#, #"{"order":1}"#, #"{"max_tokens":0}"#, #"{"max_tokens":20000001}"#, #"{"max_tokens":"1"}"#,
        #"{"keep_alive_limit":59}"#, #"{"keep_alive_limit":119}"#, #"{"max_hold":59}"#, #"{"max_per_holder":0}"#, #"{"quarantine_after":0}"#,
        #"{"parts":0}"#, #"{"parts":65}"#, #"{"parts":null}"#, #"{"parts":2,"max_per_holder":1}"#,
        #"{"rate":{"count":257,"per":"1h"}}"#, #"{"rate":{"count":1}}"#, #"{"rate":"1/1h"}"#, #"{"lifetime":60,"lifetime":60}"#,
        #"{"lifetime":9223372036854775807}"#, #"{"unblock_lifetime":"367d"}"#,
    ]) func aBadPolicyMakesNoPool(_ body: String) async throws {
        try await Harness.run { server in
            for method in ["POST", "PUT"] {
                let reply = try await server.ask(method, "/pools/ci", body: body)
                #expect(reply.status == 400, "\(reply.body)")
            }
            #expect(try await server.ask("GET", "/pools/ci").status == 404)
        }
    }

    @Test func poolsAreListedPageByPage() async throws {
        try await Harness.run { server in
            for name in ["a", "b", "c"] { _ = try await server.ask("POST", "/pools/\(name)") }
            let first = try await server.ask("GET", "/pools?limit=2")
            #expect(first.json?["pools"]?.array?.count == 2 && first.json?["next"]?.string == "b")
            let rest = try await server.ask("GET", "/pools?after=b")
            #expect(rest.json?["pools"]?.array?.count == 2 && rest.json?["next"] == .null)
            for query in ["limit=0", "limit=101", "limit=x", "after=.", "limit=1&limit=2"] {
                #expect(try await server.ask("GET", "/pools?" + query).status == 400, "\(query)")
            }
        }
    }

    /// Ids, never values.
    @Test func tokensAreListedWithoutTheirValues() async throws {
        try await Harness.run { server in
            let tokens = try await server.generate(5)
            let lease = try await server.assign().lease
            let page = try await server.ask("GET", "/pools/default/list?limit=3")
            let next = try #require(page.json?["next"]?.string)
            let rest = try await server.ask("GET", "/pools/default/list?after=\(next)")
            #expect(page.json?["tokens"]?.array?.count == 3 && rest.json?["tokens"]?.array?.count == 2 && rest.json?["next"] == .null)
            let all = page.body + rest.body
            #expect(tokens.allSatisfy { !all.contains($0) } && all.contains(#""lease":\#(lease)"#))
            for query in ["limit=0", "limit=1001", "after=x", "after=" + String(repeating: "A", count: 32)] {
                #expect(try await server.ask("GET", "/pools/default/list?" + query).status == 400, "\(query)")
            }
        }
    }

    @Test func aPausedPoolAssignsNothingAndADrainedOneNeverMore() async throws {
        try await Harness.run { server in
            _ = try await server.generate(1)
            #expect(try await server.ask("POST", "/pools/default/pause").json?["phase"]?.string == "paused")
            #expect(try await server.ask("POST", "/tokens/assign").error == "none_free")
            #expect(try await server.ask("POST", "/pools/default/resume").json?["phase"]?.string == "open")
            #expect(try await server.ask("POST", "/tokens/assign").status == 200)
            #expect(try await server.ask("POST", "/pools/default/drain").json?["assigned"]?.integer == 1)
            let refused = try await server.ask("POST", "/tokens/assign?wait=10s")
            #expect(refused.status == 409 && refused.error == "pool_draining")
            for verb in ["pause", "resume", "drain"] { #expect(try await server.ask("POST", "/pools/none/" + verb).status == 404) }
        }
    }

    @Test func aPoolIsResized() async throws {
        try await Harness.run { server in
            let larger = try await server.ask("POST", "/pools/default/resize", body: #"{"count":4}"#)
            #expect(larger.json?["tokens"]?.array?.count == 4)
            #expect(try await server.ask("POST", "/pools/default/resize", body: #"{"count":1}"#).body == #"{"removed":3,"leaving":0,"tokens":[]}"#)
            for (body, status) in [(#"{"count":-1}"#, 422), (#"{"count":20000001}"#, 422), (#"{"count":10001}"#, 409), ("{}", 400)] {
                #expect(try await server.ask("POST", "/pools/default/resize", body: body).status == status, "\(body)")
            }
            #expect(try await server.count("tokens") == 1)
        }
    }

    @Test func aHolderHasNoMoreThanItMay() async throws {
        try await Harness.run { server in
            _ = try await server.ask("POST", "/pools/ci", body: #"{"max_per_holder":1}"#)
            _ = try await server.generate(3, "/pools/ci")
            #expect(try await server.ask("POST", "/pools/ci/assign", body: #"{"holder":"w"}"#).status == 200)
            let second = try await server.ask("POST", "/pools/ci/assign", body: #"{"holder":"w"}"#)
            #expect(second.status == 409 && second.error == "holder_limit")
            #expect(try await server.ask("POST", "/pools/ci/assign", body: #"{"holder":"v"}"#).status == 200)
        }
    }

    // MARK: - Reports

    @Test func aFailureRestsAndTheLastOneSetsAside() async throws {
        try await Harness.run { server in
            _ = try await server.ask("POST", "/pools/ci", body: #"{"unblock_lifetime":1,"quarantine_after":2}"#)
            _ = try await server.generate(1, "/pools/ci")
            func report(_ outcome: String) async throws -> WireReply {
                let (token, lease) = try await server.assign("/pools/ci")
                return try await server.ask(
                    "POST", "/pools/ci/report", body: #"{"token":"\#(token)","lease":\#(lease),"outcome":\#(outcome),"retry_after":30}"#)
            }
            let ok = try await report(#""200""#)
            #expect(ok.body == #"{"state":"assigned","expires_in":60}"#)
            server.clock.advance(by: .seconds(60))
            #expect(try await report("429").body == #"{"state":"resting","available_in":30}"#)
            server.clock.advance(by: .seconds(30))
            #expect(try await report(#""timeout""#).body == #"{"state":"quarantined"}"#)
            let id = try #require(try await server.ask("GET", "/pools/ci/list").json?["tokens"]?.array?.first?.object?["id"]?.string)
            #expect(try await server.count("quarantined", "ci") == 1)
            #expect(try await server.ask("POST", "/pools/ci/restore", body: #"{"id":"\#(id)"}"#).status == 200)
            #expect(try await server.count("free", "ci") == 1)
            #expect(try await server.ask("DELETE", "/pools/ci/delete", body: #"{"id":"\#(id)"}"#).status == 200)
            #expect(try await server.ask("POST", "/pools/ci/restore", body: #"{"id":"\#(id)"}"#).status == 404)
        }
    }

    @Test func aBadReportChangesNothing() async throws {
        try await Harness.run { server in
            _ = try await server.generate(1)
            let (token, lease) = try await server.assign()
            let start = #"{"token":"\#(token)","lease":\#(lease)"#
            let bad = [
                (start + "}", 400), (start + #","outcome":null}"#, 400), (start + #","outcome":""}"#, 400), (start + #","outcome":"99"}"#, 400),
                (start + #","outcome":600}"#, 400), (start + #","outcome":"429","retry_after":-1}"#, 422),
                (start + #","outcome":"429","retry_after":31622401}"#, 422), (start + #","outcome":"429","retry_after":"30"}"#, 400),
                (#"{"token":"\#(token)","outcome":"429"}"#, 400), (#"{"token":"\#(token)","lease":1,"outcome":"429"}"#, 409),
                (#"{"token":"other","lease":1,"outcome":"429"}"#, 404),
            ]
            for (body, status) in bad { #expect(try await server.ask("POST", "/pools/default/report", body: body).status == status, "\(body)") }
            for body in ["{}", #"{"id":"x"}"#, #"{"id":1}"#, #"{"token":"\#(token)","id":"\#(String(repeating: "0", count: 32))"}"#] {
                #expect(try await server.ask("POST", "/pools/default/restore", body: body).status == 400, "\(body)")
            }
            #expect(try await server.count("assigned") == 1)
        }
    }
}
