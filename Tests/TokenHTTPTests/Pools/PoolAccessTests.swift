import JOSE
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// Who may do what.
struct PoolAccessTests {
    private func basic(_ client: ClientCredentials) -> String { Harness.basic(client) }

    private static let uses = [
        ("POST", "/tokens/assign", ""), ("POST", "/tokens/keep-alive", #"{"token":"x"}"#), ("POST", "/tokens/unblock", #"{"token":"x"}"#),
        ("POST", "/pools/default/report", #"{"token":"x","lease":1,"outcome":"ok"}"#),
    ]
    private static let managements = [
        ("POST", "/tokens/generate", #"{"count":1}"#), ("DELETE", "/tokens/delete", #"{"token":"x"}"#), ("GET", "/pools/default", ""),
        ("GET", "/pools/default/list", ""), ("GET", "/pools/default/stats", ""), ("POST", "/pools/default/pause", ""),
        ("POST", "/pools/default/resume", ""), ("POST", "/pools/default/resize", #"{"count":1}"#),
        ("POST", "/pools/default/restore", #"{"token":"x"}"#), ("PUT", "/pools/default", "{}"), ("PATCH", "/pools/default", "{}"),
        ("POST", "/pools/default", "{}"), ("DELETE", "/pools/default", ""), ("POST", "/pools/default/import", ""),
    ]

    /// Which of the requests are let through: not 401 and not 403.
    private func admitted(_ server: Harness, _ requests: [(String, String, String)], _ fields: [String]) async throws -> Int {
        var count = 0
        for (method, path, body) in requests {
            let status = try await server.ask(method, path, fields, body: body.isEmpty ? nil : body).status
            if status != 401 && status != 403 { count += 1 }
        }
        return count
    }

    @Test func withoutACredentialNobodyButALocalProgramGetsThrough() async throws {
        try await Harness.run(configure: { $0.login = .client }) { server in
            let all = try await admitted(server, Self.uses + Self.managements + [("GET", "/pools", "")], [])
            #expect(all == 0)
            #expect(try await server.ask("POST", "/tokens/assign").status == 401)
        }
        try await Harness.run { server in
            let page = ["Origin: https://evil.example"], proxy = ["X-Forwarded-For: 10.0.0.1"]
            let all = Self.uses + Self.managements
            let counts = [try await admitted(server, all, page), try await admitted(server, all, proxy), try await admitted(server, all, [])]
            #expect(counts == [0, 0, all.count])
        }
    }

    @Test func aClientMayDoWhatItsScopeSaysAndWithoutOneEverything() async throws {
        try await Harness.run(configure: { $0.login = .client }) { server in
            let (use, manage) = (Self.uses.count, Self.managements.count)
            let rows: [(String?, Int, Int)] = [
                (nil, use, manage), ("pool:default:use", use, 0), ("pool:default:manage", use, manage), ("pool:other:manage", 0, 0),
                ("pool:*:use", use, 0), ("pool:*:manage", use, manage), ("login", 0, 0), ("pool:other:manage pool:default:use", use, 0),
            ]
            for (scope, uses, managements) in rows {
                let client = try await server.engine.createClient(name: "c", scope: scope)
                #expect(try await admitted(server, Self.uses, [basic(client)]) == uses, "\(scope ?? "all")")
                #expect(try await admitted(server, Self.managements, [basic(client)]) == managements, "\(scope ?? "all")")
                let login = try await server.ask("POST", "/login", [basic(client)], body: #"{"user_id":1}"#)
                #expect(login.status == (scope == nil || scope == "login" ? 200 : 403), "\(scope ?? "all")")
            }
            #expect(try await server.ask("POST", "/tokens/assign", ["Authorization: Basic eDp5"]).status == 401)
        }
    }

    @Test func anAccessTokenMayDoWhatItsScopeSays() async throws {
        try await Harness.run { server in
            let rows: [(String, Int, Int)] = [
                ("pool:default:use", Self.uses.count, 0), ("openid pool:default:manage", Self.uses.count, Self.managements.count),
                ("pool:other:manage", 0, 0), ("pool:default", 0, 0), ("xpool:default:use", 0, 0), ("pool:default:use:x", 0, 0),
            ]
            for (scope, uses, managements) in rows {
                let token = try await server.login(#"{"user_id":1,"scope":"\#(scope)"}"#).access
                #expect(try await admitted(server, Self.uses, [Harness.bearer(token)]) == uses, "\(scope)")
                #expect(try await admitted(server, Self.managements, [Harness.bearer(token)]) == managements, "\(scope)")
            }
            let ended = try await server.login(#"{"user_id":1,"scope":"pool:default:use"}"#)
            _ = try await server.ask("POST", "/logout", [Harness.bearer(ended.access)])
            #expect(
                try await server.ask("POST", "/tokens/assign", [Harness.bearer(ended.access)]).status == 401, "a local program with a bad token too")
        }
    }

    /// Who may not use a pool does not learn which there are.
    @Test func aForeignPoolAnswersLikeNone() async throws {
        try await Harness.run { server in
            let bearer = Harness.bearer(try await server.login(#"{"user_id":1,"scope":"pool:mine:use"}"#).access)
            let there = try await server.ask("POST", "/pools/default/assign", [bearer])
            let nowhere = try await server.ask("POST", "/pools/nothing/assign", [bearer])
            #expect(there.status == 403 && there.withoutDate == nowhere.withoutDate)
        }
    }

    @Test func theHolderIsTheCallerUnlessItNamesAnother() async throws {
        try await Harness.run { server in
            _ = try await server.generate(2)
            let bearer = Harness.bearer(try await server.login(#"{"user_id":7,"scope":"pool:default:use"}"#).access)
            _ = try await server.ask("POST", "/tokens/assign", [bearer])
            _ = try await server.ask("POST", "/tokens/assign", [bearer], body: #"{"holder":"worker-1"}"#)
            let list = try await server.ask("GET", "/pools/default/list")
            #expect(list.body.contains(#""holder":"7""#) && list.body.contains(#""holder":"worker-1""#))
        }
    }

    @Test func theAdminListenerManagesPoolsWithItsCredentialAlone() async throws {
        try await Harness.run(configure: { $0.login = .client }) { server in
            #expect(try await server.administer("POST", "/pools/ci", body: "{}").status == 201)
            #expect(try await server.administer("POST", "/pools/ci/generate", body: #"{"count":2}"#).status == 200)
            #expect(try await server.administer("GET", "/pools").body.contains(#""pool":"ci""#))
            for (method, path) in [("GET", "/pools"), ("POST", "/pools/ci/assign"), ("POST", "/pools/ci/import")] {
                let reply = try await Wire.ask(server.ports.admin, Harness.request(method, path))
                #expect(reply.status == 401, "\(path)")
            }
        }
    }

    @Test(arguments: ["", " ", "login ", "pool:ci", "pool:ci:all", "pool:.x:use", "admin", "pool::use"]) func aClientsScopeMustMeanSomething(
        _ scope: String
    ) async throws {
        try await Harness.run { server in
            let refused = try await server.administer("POST", "/clients", body: #"{"name":"c","scope":"\#(scope)"}"#)
            #expect(refused.status == 400)
            #expect(try await server.administer("POST", "/clients", body: #"{"name":"c","scope":"login pool:ci:use"}"#).status == 201)
            #expect(try await server.administer("GET", "/clients").body.contains(#""scope":"login pool:ci:use""#))
        }
    }
}
