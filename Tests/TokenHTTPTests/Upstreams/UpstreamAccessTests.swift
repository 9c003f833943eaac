import Testing
import TokenClient
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// Who may have which upstream's tokens.
struct UpstreamAccessTests {
    @Test func whatIsNotThereAndWhatIsNotTheirsAnswerAlike() async throws {
        let crm = Mint("crm"), erp = Mint("erp")
        let upstreams = Upstreams([crm.upstream(.client("billing")), erp.upstream(.loopback)])
        try await Harness.run(upstreams: upstreams) { server in
            let billing = try await server.engine.createClient(name: "billing")
            let stranger = try await server.engine.createClient(name: "stranger")
            for (method, path, body) in [("GET", "token", nil), ("POST", "invalidate", #"{"access_token":"x"}"#)] {
                let mine = try await server.ask(method, "/upstreams/crm/\(path)", [Harness.basic(billing)], body: body)
                #expect(mine.status == 200)
                let notMine = try await server.ask(method, "/upstreams/crm/\(path)", [Harness.basic(stranger)], body: body)
                let notThere = try await server.ask(method, "/upstreams/none/\(path)", [Harness.basic(stranger)], body: body)
                let local = try await server.ask(method, "/upstreams/crm/\(path)", body: body)
                #expect([notMine.status, notThere.status, local.status] == [404, 404, 404])
                #expect(notMine.body == notThere.body && notThere.body == local.body)
            }
            // A client is not a program of this machine because it calls from there.
            #expect(try await server.ask("GET", "/upstreams/erp/token", [Harness.basic(stranger)]).status == 404)
        }
    }

    @Test func loopbackIsTheRuleOfLogin() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback)])) { server in
            #expect(try await server.ask("GET", "/upstreams/crm/token").status == 200)
            for field in ["Origin: https://evil.example", "Sec-Fetch-Site: none", "X-Forwarded-For: 10.0.0.1", "Via: 1.1 proxy", "FORWARDED: for=x"] {
                for _ in 0..<3 {
                    let reply = try await server.ask("GET", "/upstreams/crm/token", [field])
                    #expect(reply.status == 401, "\(field)")
                    #expect(reply["WWW-Authenticate"]?.hasPrefix("Basic ") == true)
                }
            }
            let rebound = "GET /upstreams/crm/token HTTP/1.1\r\nHost: evil.example\r\n\r\n"
            #expect(try await Wire.ask(server.ports.main, rebound).status == 401)
        }
    }

    @Test func nobodyMayHaveWhatNamesNobody() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream()])) { server in
            let reply = try await server.ask("GET", "/upstreams/crm/token")
            #expect(reply.status == 404)
            #expect(crm.made == 0, "and nothing is fetched for nobody")
        }
    }

    /// A token fetched for scope A never answers for scope B.
    @Test func callersWithNarrowerScopesNeverShareATokenWithOthers() async throws {
        let crm = Mint("crm"), narrow = Mint("crm-read")
        let upstreams = Upstreams([crm.upstream(.client("billing"), narrowed: [(.client("reports"), narrow)])])
        try await Harness.run(upstreams: upstreams) { server in
            let billing = try await server.engine.createClient(name: "billing")
            let reports = try await server.engine.createClient(name: "reports")
            for _ in 0..<6 {
                #expect(try await server.ask("GET", "/upstreams/crm/token", [Harness.basic(billing)]).member("access_token") == "crm-1")
                #expect(try await server.ask("GET", "/upstreams/crm/token", [Harness.basic(reports)]).member("access_token") == "crm-read-1")
            }
            // One who rejects the other's token changes nothing.
            _ = try await server.ask("POST", "/upstreams/crm/invalidate", [Harness.basic(reports)], body: #"{"access_token":"crm-1"}"#)
            #expect(try await server.ask("GET", "/upstreams/crm/token", [Harness.basic(billing)]).member("access_token") == "crm-1")
            // Nor does a tag of one mean anything to the other.
            let tag = try #require(try await server.ask("GET", "/upstreams/crm/token", [Harness.basic(billing)])["ETag"])
            #expect(try await server.ask("GET", "/upstreams/crm/token", [Harness.basic(reports), "If-None-Match: \(tag)"]).status == 200)
        }
    }

    @Test func deletedClientIsRefusedAtOnce() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.client("billing"))])) { server in
            let client = try await server.engine.createClient(name: "billing")
            for _ in 0..<8 { #expect(try await server.ask("GET", "/upstreams/crm/token", [Harness.basic(client)]).status == 200) }
            try await server.engine.deleteClient(client.id)
            for _ in 0..<8 { #expect(try await server.ask("GET", "/upstreams/crm/token", [Harness.basic(client)]).status == 401) }
        }
    }

    @Test func wrongSecretIsRefusedAlsoWhereTheRightOneIsKnown() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.client("billing"), .loopback)])) { server in
            let client = try await server.engine.createClient(name: "billing")
            for _ in 0..<4 { #expect(try await server.ask("GET", "/upstreams/crm/token", [Harness.basic(client)]).status == 200) }
            let right = Harness.basic(client)
            let wrong = String(right.dropLast(4)) + (right.hasSuffix("AAA=") ? "BBB=" : "AAA=")
            for _ in 0..<4 { #expect(try await server.ask("GET", "/upstreams/crm/token", [wrong]).status == 401) }
        }
    }

    @Test func administratorSeesAndInvalidatesEverything() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.client("billing"))])) { server in
            #expect(try await server.administer("GET", "/upstreams/crm/token").member("access_token") == "crm-1")
            #expect(try await server.administer("POST", "/upstreams/crm/invalidate").status == 200)
            #expect(try await server.administer("GET", "/upstreams/crm/token").member("access_token") == "crm-2")
            let list = try await server.administer("GET", "/upstreams")
            #expect(list.body.contains(#""upstream":"crm","source":"closure","state":"fresh""#), "\(list.body)")
            #expect(!list.body.contains("crm-2"), "a list shows no token")
            let stranger = try await server.engine.createClient(name: "stranger")
            #expect(try await server.ask("GET", "/upstreams", [Harness.basic(stranger)]).body == #"{"upstreams":[]}"#)
        }
    }
}
