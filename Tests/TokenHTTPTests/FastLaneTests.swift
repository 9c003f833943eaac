import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// The event loop's answers are those of the plain route, byte for byte, and come in order.
@Suite struct FastLaneTests {
    /// Answers of both routes to the same question. HEAD, a query or a body sends a request to the plain route.
    @Test func bothRoutesAnswerWithTheSameBytes() async throws {
        try await Harness.run { server in
            let token = try await server.login().access
            let bearer = Harness.bearer(token)
            // The first is uncached and so comes from the plain route.
            let plain = try await server.ask("GET", "/authenticate", [bearer])
            let fast = try await server.ask("GET", "/authenticate", [bearer])
            #expect(plain.status == 200)
            #expect(plain.withoutDate == fast.withoutDate)
            #expect(plain["Date"] == fast["Date"], "the clock stands")
            let questions = [
                ("/ping", [String]()), ("/authenticate", []), ("/authenticate", ["Authorization: Bearer x"]),
                ("/authenticate", ["Authorization: Basic eDp5"]),
            ]
            for (target, fields) in questions {
                let fast = try await server.ask("GET", target, fields)
                let plain = try await server.ask("GET", target + "?", fields)
                #expect(fast.withoutDate == plain.withoutDate)
            }
            let counted = try await Wire.ask(server.ports.admin, Harness.request("GET", "/metrics"))
            #expect(counted.body.contains(#"mintmark_http_requests_total{route="/authenticate",status="200"} 2"#))
        }
    }

    /// A query sends a request to the plain route; without one it is read whole.
    @Test func shortRequestsAreAnsweredWithTheBytesOfThePlainRoute() async throws {
        try await Harness.run { server in
            let bodies = [
                #"{"refresh":"made-up"}"#, #"{"refresh":1}"#, #"{"user_id":-1}"#, #"{"user_id":1,"user_id":2}"#, "{", "[]", "",
                #"{"user_id":1,"claims":{"iss":"x"}}"#,
            ]
            for target in ["/refresh", "/login"] {
                for body in bodies {
                    let short = try await Wire.ask(server.ports.main, Harness.request("POST", target, body: body))
                    let plain = try await Wire.ask(server.ports.main, Harness.request("POST", target + "?", body: body))
                    #expect(short.status >= 400 && short.withoutDate == plain.withoutDate, "\(target) \(body)")
                }
                let tooLong = String(repeating: " ", count: Limits().bodyBytes + 1)
                let short = try await Wire.ask(server.ports.main, Harness.request("POST", target, body: tooLong))
                #expect(short.status == 413 && short["Content-Type"] == "application/json" && short["Connection"] == "close")
                #expect(short.body == #"{"error":"content_too_large","error_description":"The body is too large."}"#)
            }
            let before = try await server.login()
            let pair = try await Wire.ask(server.ports.main, Harness.request("POST", "/refresh", body: #"{"refresh":"\#(before.refresh)"}"#))
            #expect(pair.status == 200 && pair.member("refresh") != before.refresh)
            let counted = try await Wire.ask(server.ports.admin, Harness.request("GET", "/metrics"))
            #expect(counted.body.contains(#"mintmark_http_requests_total{route="/refresh",status="200"} 1"#))
        }
    }

    /// A field of the connection that names anything sends a request to the plain route; without one a worker's verb is read whole.
    @Test func verbsOfWorkersAreAnsweredWithTheBytesOfThePlainRoute() async throws {
        try await Harness.run { server in
            let targets = ["/tokens/assign", "/tokens/keep-alive", "/tokens/unblock", "/pools/default/report", "/pools/none/assign?wait=1x"]
            for target in targets {
                for body in ["", "{", "[]", #"{"token":1}"#, #"{"token":"x","lease":1}"#, #"{"token":"x","outcome":"ok"}"#] {
                    let short = try await Wire.ask(server.ports.main, Harness.request("POST", target, body: body))
                    let plain = try await Wire.ask(server.ports.main, Harness.request("POST", target, ["Connection: other"], body: body))
                    #expect(short.status >= 400 && short.withoutDate == plain.withoutDate, "\(target) \(body)")
                }
            }
        }
    }

    /// What the connection brings while a short request is answered keeps its place: requests, the end of the input, and what is no HTTP.
    @Test func whatFollowsAShortRequestIsAnsweredAfterIt() async throws {
        try await Harness.run { server in
            let refresh = Harness.request("POST", "/refresh", body: #"{"refresh":"made-up"}"#)
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(String(repeating: refresh + Harness.request("GET", "/ping"), count: 50))
                for _ in 0..<50 {
                    #expect(try await wire.reply().status == 401)
                    #expect(try await wire.reply().body == "pong")
                }
                try await wire.send(refresh + refresh + Harness.request("GET", "/ping") + "GARBAGE\r\n\r\n")
                for status in [401, 401, 200, 405] { #expect(try await wire.reply().status == status) }
                #expect(try await wire.rest().isEmpty)
            }
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(refresh + Harness.request("GET", "/ping?"))
                wire.finish()
                for status in [401, 200] { #expect(try await wire.reply().status == status) }
                #expect(try await wire.rest().isEmpty)
            }
        }
    }

    @Test func manyPipelinedRequestsAreAllAnswered() async throws {
        try await Harness.run { server in
            let bearer = Harness.bearer(try await server.login().access)
            let burst = (0..<200).map { $0 % 5 == 4 ? Harness.request("GET", "/ping?") : Harness.request("GET", "/authenticate", [bearer]) }
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(burst.joined())
                for index in 0..<200 {
                    let reply = try await wire.reply()
                    #expect(reply.status == 200 && (reply.body == "pong") == (index % 5 == 4))
                }
            }
        }
    }

    @Test func aRevocationIsSeenByEveryLoopAtOnce() async throws {
        try await Harness.run(configure: { $0.loops = 4 }) { server in
            for _ in 0..<20 {
                let bearer = Harness.bearer(try await server.login().access)
                for _ in 0..<8 { #expect(try await server.ask("GET", "/authenticate", [bearer]).status == 200) }
                #expect(try await server.ask("POST", "/logout", [bearer]).status == 200)
                for _ in 0..<8 { #expect(try await server.ask("GET", "/authenticate", [bearer]).status == 401) }
            }
        }
    }

    /// Canon 53: an entry of the cache is asked again on every hit.
    @Test func aCachedTokenExpires() async throws {
        try await Harness.run { server in
            let bearer = Harness.bearer(try await server.login().access)
            for _ in 0..<3 { #expect(try await server.ask("GET", "/authenticate", [bearer]).status == 200) }
            server.clock.advance(by: .seconds(904))
            #expect(try await server.ask("GET", "/authenticate", [bearer]).status == 200, "inside the leeway")
            server.clock.advance(by: .seconds(2))
            #expect(try await server.ask("GET", "/authenticate", [bearer]).status == 401)
        }
    }
}
