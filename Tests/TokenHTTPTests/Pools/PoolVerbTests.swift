import JOSE
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// The five verbs, under both of their paths.
struct PoolVerbTests {
    private static let paths = ["/tokens", "/pools/default"]

    @Test(arguments: paths) func aTokenIsMadeAssignedKeptAliveGivenBackAndDeleted(_ path: String) async throws {
        try await Harness.run { server in
            let made = try await server.generate(2, path)
            #expect(made.count == 2 && made.allSatisfy { $0.utf8.count == 47 })
            let assigned = try await server.ask("POST", path + "/assign")
            let token = try #require(assigned.json?["token"]?.string), lease = try #require(assigned.json?["lease"]?.integer)
            #expect(assigned.status == 200 && assigned.json?["expires_in"]?.integer == 60 && token == made[0] && lease > 0)
            #expect(assigned["Cache-Control"] == "no-store")
            server.clock.advance(by: .seconds(59))
            let alive = try await server.ask("POST", path + "/keep-alive", body: #"{"token":"\#(token)","lease":\#(lease)}"#)
            #expect(alive.status == 200 && alive.body == #"{"assigned":true,"expires_in":60}"#)
            server.clock.advance(by: .seconds(59))
            let back = try await server.ask("POST", path + "/unblock", body: #"{"token":"\#(token)"}"#)
            #expect(back.status == 200 && back.body == #"{"available_in":120}"#)
            #expect(try await server.assign(path).token == made[1], "the one that was given back rests")
            #expect(try await server.ask("DELETE", path + "/delete", body: #"{"token":"\#(token)"}"#).status == 200)
            #expect(try await server.ask("DELETE", path + "/delete", body: #"{"token":"\#(token)"}"#).status == 404)
        }
    }

    /// An assigned token that is not kept alive is free again at 60 s and not before.
    @Test func anAbandonedTokenComesBackByItself() async throws {
        try await Harness.run { server in
            _ = try await server.generate(1)
            let first = try await server.assign()
            server.clock.advance(by: .milliseconds(59_999))
            let none = try await server.ask("POST", "/tokens/assign")
            #expect(none.status == 404 && none.error == "none_free" && none["Retry-After"] == "1")
            server.clock.advance(by: .milliseconds(1))
            let second = try await server.assign()
            #expect(second.token == first.token && second.lease > first.lease)
        }
    }

    @Test func aTokenRestsAndThenIsAssignedAgain() async throws {
        try await Harness.run { server in
            _ = try await server.generate(1)
            let token = try await server.assign().token
            _ = try await server.ask("POST", "/tokens/unblock", body: #"{"token":"\#(token)"}"#)
            #expect(try await server.ask("POST", "/tokens/assign")["Retry-After"] == "60", "two minutes, and asked again meanwhile")
            server.clock.advance(by: .milliseconds(119_999))
            #expect(try await server.ask("POST", "/tokens/assign").status == 404)
            server.clock.advance(by: .milliseconds(1))
            #expect(try await server.assign().token == token)
        }
    }

    @Test func aTokenWithoutASignOfLifeIsDeleted() async throws {
        try await Harness.run { server in
            let token = try await server.generate(1)[0]
            server.clock.advance(by: .milliseconds(299_999))
            #expect(try await server.ask("POST", "/tokens/keep-alive", body: #"{"token":"\#(token)"}"#).body == #"{"assigned":false}"#)
            server.clock.advance(by: .seconds(300))
            #expect(try await server.ask("POST", "/tokens/keep-alive", body: #"{"token":"\#(token)"}"#).status == 404)
        }
    }

    /// The worker whose lease ran out does not touch the next holder's.
    @Test func anOldLeaseChangesNothing() async throws {
        try await Harness.run { server in
            _ = try await server.generate(1)
            let old = try await server.assign()
            server.clock.advance(by: .seconds(60))
            let new = try await server.assign()
            let body = #"{"token":"\#(old.token)","lease":\#(old.lease)}"#
            for (method, verb) in [("POST", "keep-alive"), ("POST", "unblock"), ("DELETE", "delete")] {
                let reply = try await server.ask(method, "/tokens/" + verb, body: body)
                #expect(reply.status == 409 && reply.error == "stale_lease", "\(verb)")
            }
            let kept = try await server.ask("POST", "/tokens/keep-alive", body: #"{"token":"\#(new.token)","lease":\#(new.lease)}"#)
            #expect(kept.json?["expires_in"]?.integer == 60)
        }
    }

    @Test func unblockingWhatIsNotAssignedIs404AndChangesNothing() async throws {
        try await Harness.run { server in
            let token = try await server.generate(1)[0]
            let reply = try await server.ask("POST", "/tokens/unblock", body: #"{"token":"\#(token)"}"#)
            #expect(reply.status == 404 && reply.error == "not_assigned")
            #expect(try await server.count("free") == 1)
        }
    }

    @Test func aBatchIsAllOrNothing() async throws {
        try await Harness.run { server in
            _ = try await server.generate(3)
            let two = try await server.ask("POST", "/tokens/assign", body: #"{"count":2}"#)
            #expect(two.status == 200 && two.json?["tokens"]?.array?.count == 2)
            #expect(try await server.ask("POST", "/tokens/assign", body: #"{"count":2}"#).status == 404)
            #expect(try await server.ask("POST", "/tokens/assign", body: #"{"count":1}"#).json?["tokens"]?.array?.count == 1)
        }
    }

    @Test func moreThanThereMayBeIs409AndNothingIsMade() async throws {
        try await Harness.run(pool: PoolPolicy(mostTokens: 5)) { server in
            let reply = try await server.ask("POST", "/tokens/generate", body: #"{"count":6}"#)
            #expect(reply.status == 409 && reply.error == "pool_full")
            #expect(try await server.count("tokens") == 0)
            #expect(try await server.generate(5).count == 5)
        }
    }

    // MARK: - Bad input

    @Test(arguments: [
        ("", 400), ("x", 400), ("[]", 400), ("{}", 400), (#"{"count":"1"}"#, 400), (#"{"count":1.5}"#, 400), (#"{"count":1.0}"#, 400),
        (#"{"count":null}"#, 400), (#"{"count":true}"#, 400), (#"{"count":1,"count":1}"#, 400), (#"{"count":0}"#, 422), (#"{"count":-1}"#, 422),
        (#"{"count":10001}"#, 422), (#"{"count":9223372036854775807}"#, 422), (#"{"count":99999999999999999999}"#, 422), (#"{"count":1e2}"#, 400),
    ]) func aBadCountMakesNothing(_ body: String, _ status: Int) async throws {
        try await Harness.run { server in
            for path in Self.paths {
                let reply = try await server.ask("POST", path + "/generate", body: body)
                #expect(reply.status == status && reply.error == (status == 422 ? "out_of_bounds" : "invalid_request"), "\(reply.body)")
            }
            #expect(try await server.count("tokens") == 0)
        }
    }

    @Test func aBadTokenIsRefusedAndNothingIsLost() async throws {
        try await Harness.run { server in
            let token = try await server.generate(1)[0]
            let lease = try await server.assign().lease
            let bad = [
                "", "x", "[]", "{}", #"{"token":1}"#, #"{"token":null}"#, #"{"token":""}"#, #"{"token":"\#(token)","token":"\#(token)"}"#,
                #"{"token":"\#(token)","lease":"1"}"#, #"{"token":"\#(token)","lease":0}"#, #"{"token":"\#(token)","lease":-1}"#,
                #"{"token":"\#(token)","lease":1.5}"#, #"{"token":"\#(token)","lease":null}"#,
            ]
            for (method, verb) in [("POST", "keep-alive"), ("POST", "unblock"), ("DELETE", "delete")] {
                for body in bad { #expect(try await server.ask(method, "/tokens/" + verb, body: body).status == 400, "\(verb) \(body)") }
                for other in ["other", String(repeating: "x", count: 9_000), token + "x", String(token.dropLast())] {
                    let reply = try await server.ask(method, "/tokens/" + verb, body: #"{"token":"\#(other)"}"#)
                    #expect(reply.status == 404 && reply.error == "not_found", "\(verb)")
                }
                let long = try await server.ask(method, "/tokens/" + verb, body: #"{"token":"\#(String(repeating: "x", count: 17_000))"}"#)
                #expect(long.status == 413)
            }
            let text = "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"
            let other = try await Wire.ask(server.ports.main, "POST /tokens/unblock HTTP/1.1\r\nHost: localhost\r\n" + text)
            #expect(other.status == 400)
            #expect(try await server.ask("POST", "/tokens/unblock", body: #"{"token":"\#(token)","lease":\#(lease)}"#).status == 200)
        }
    }

    @Test(arguments: [
        (#"{"count":0}"#, "", 422), (#"{"count":101}"#, "", 422), (#"{"count":"1"}"#, "", 400), (#"{"holder":1}"#, "", 400),
        (#"{"holder":""}"#, "", 400), (#"{"holder":"a\u0000"}"#, "", 400), (#"{"wait":"10"}"#, "?wait=10", 400), (#"{"wait":"x"}"#, "", 400),
        (#"{"wait":-1}"#, "", 400), (#"{"wait":1.5}"#, "", 400), (#"{"wait":"61s"}"#, "", 422), (#"{"wait":61}"#, "", 422), ("{}", "?wait=", 400),
        ("{}", "?wait=1h", 400), ("{}", "?wait=2m", 422), ("{}", "?wait=1s&wait=1s", 400), ("[]", "", 400), ("x", "", 400),
    ]) func aBadClaimTakesNothing(_ body: String, _ query: String, _ status: Int) async throws {
        try await Harness.run { server in
            _ = try await server.generate(1)
            #expect(try await server.ask("POST", "/tokens/assign" + query, body: body).status == status)
            let long = #"{"holder":"\#(String(repeating: "x", count: 256))"}"#
            #expect(try await server.ask("POST", "/tokens/assign", body: long).status == 400)
            #expect(try await server.count("free") == 1)
        }
    }

    @Test func otherMethodsAndPoolsAreRefused() async throws {
        try await Harness.run { server in
            let other = try await server.ask("GET", "/tokens/assign")
            #expect(other.status == 405)
            #expect(try await server.ask("POST", "/tokens/delete", body: "{}")["Allow"] == "DELETE")
            for pool in ["none", ".x", "a%2Fb", String(repeating: "a", count: 65)] {
                #expect(try await server.ask("POST", "/pools/\(pool)/assign").status == 404, "\(pool)")
            }
            #expect(try await server.ask("POST", "/pools/none/generate", body: #"{"count":1}"#).status == 404)
        }
    }

    @Test func aStoreThatCannotWriteIs503() async throws {
        try await Harness.run(leases: BrokenPool()) { server in
            let requests = [
                ("POST", "/tokens/assign", ""), ("POST", "/tokens/generate", #"{"count":1}"#), ("POST", "/tokens/keep-alive", #"{"token":"x"}"#),
            ]
            for (method, path, body) in requests {
                let reply = try await server.ask(method, path, body: body.isEmpty ? nil : body)
                #expect(reply.status == 503 && reply["Retry-After"] != nil && reply.error == "temporarily_unavailable", "\(path)")
            }
        }
    }
}

/// A store of pools that can be opened and then does nothing any more.
struct BrokenPool: LeasePool {
    func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        if case .create = verb { return PoolReply(.done) }
        throw .unavailable("planted")
    }

    func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] { [] }
}
