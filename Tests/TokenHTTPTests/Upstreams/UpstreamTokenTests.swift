import Synchronization
import Testing
import TokenClient
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// What `GET /upstreams/{name}/token` answers, and to whom.
struct UpstreamTokenTests {
    @Test func manyCallersGetOneToken() async throws {
        let crm = Mint("crm")
        crm.state.withLock { $0.delay = .milliseconds(100) }
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback)])) { server in
            let bodies = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<50 { group.addTask { try await server.ask("GET", "/upstreams/crm/token").member("access_token") } }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(bodies == ["crm-1"])
            #expect(crm.made == 1)
        }
    }

    @Test func answerSaysTypeLifetimeAndTag() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback)])) { server in
            let first = try await server.ask("GET", "/upstreams/crm/token")
            let second = try await server.ask("GET", "/upstreams/crm/token")
            #expect(first.status == 200)
            #expect(first.member("token_type") == "Bearer")
            #expect(first["Cache-Control"] == "no-store")
            let tag = try #require(first["ETag"])
            #expect(!tag.contains("crm-1"), "a tag says nothing of its token")
            // The plain route and the event loop answer alike.
            #expect(second["ETag"] == tag)
            let (a, b) = (first.number("expires_in") ?? 0, second.number("expires_in") ?? 0)
            #expect((3590...3595).contains(a) && a - b <= 1 && a >= b, "\(a) \(b)")
            let known = try await server.ask("GET", "/upstreams/crm/token", ["If-None-Match: \(tag)"])
            #expect(known.status == 304)
        }
    }

    @Test func tokenThatIsThereIsAnsweredOnTheEventLoop() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback, .client("billing"))])) { server in
            let client = try await server.engine.createClient(name: "billing")
            for fields in [[], [Harness.basic(client)]] {
                // Both loops have a turn, and the first request of each finds out who asks.
                for _ in 0..<8 { _ = try await server.ask("GET", "/upstreams/crm/token", fields) }
            }
            let metrics = try await server.administer("GET", "/metrics").body
            let line = try #require(metrics.split(separator: "\n").first { $0.contains(#"duration_seconds_count{route="fast_lane"}"#) })
            #expect(try #require(Int(line.split(separator: " ")[1])) >= 10, "\(line)")
        }
    }

    @Test func invalidatedTokenIsServedNoMore() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback)])) { server in
            for turn in 1...5 {
                // Both event loops have the token prepared by then.
                for _ in 0..<6 { #expect(try await server.ask("GET", "/upstreams/crm/token").member("access_token") == "crm-\(turn)") }
                for _ in 0..<3 {
                    let reply = try await server.ask("POST", "/upstreams/crm/invalidate", body: #"{"access_token":"crm-\#(turn)"}"#)
                    #expect(reply.status == 200)
                }
                for _ in 0..<4 { #expect(try await server.ask("GET", "/upstreams/crm/token").member("access_token") == "crm-\(turn + 1)") }
            }
            #expect(crm.made == 6)
        }
    }

    @Test func tokenThatEndedIsServedNoMore() async throws {
        let crm = Mint("crm")
        let lifetime = Duration.seconds(2)
        crm.state.withLock { $0.lifetime = .lasting(lifetime) }
        var policy = Mint.quick
        policy.refresh = .onDemand
        policy.keepsFresh = false
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback, policy: policy)])) { server in
            var reply = try await server.ask("GET", "/upstreams/crm/token")
            crm.fail(TokenSourceError(.unreachable("away")))
            let fetched = ContinuousClock.now
            while reply.status == 200 {
                let asked = ContinuousClock.now
                reply = try await server.ask("GET", "/upstreams/crm/token")
                #expect(reply.status == 503 || asked < fetched + lifetime, "a request that began after the end")
            }
            #expect(reply.status == 503)
            #expect(reply["Retry-After"] == "1")
        }
    }

    @Test func whatTheAuthorizationServerSaidIsPassedOn() async throws {
        let crm = Mint("crm"), tool = Mint("tool")
        crm.fail(TokenSourceError(.refused(OAuthRefusal(error: "invalid_client", description: "Nobody knows you.", status: 401))))
        tool.fail(TokenSourceError(.command(exitCode: 3, message: "password hunter2 is wrong")))
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback), tool.upstream(.loopback)])) { server in
            let reply = try await server.ask("GET", "/upstreams/crm/token")
            #expect(reply.status == 503)
            #expect(reply.member("error") == "temporarily_unavailable")
            #expect(reply.member("error_description") == "The authorization server refused: invalid_client (Nobody knows you.).")
            #expect(reply["Retry-After"].flatMap(Int.init) ?? 0 >= 30, "a refusal that repeating does not change is not repeated soon")
            // What a command complains about may hold anything: it is for the log.
            let command = try await server.ask("GET", "/upstreams/tool/token")
            #expect(command.status == 503 && !command.body.contains("hunter2"))
            #expect(try await !server.ask("GET", "/upstreams").body.contains("hunter2"))
        }
    }

    @Test func longPollHearsOfTheNextToken() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback)])) { server in
            let first = try await server.ask("GET", "/upstreams/crm/token")
            let tag = try #require(first["ETag"]).filter { $0 != "\"" }
            let nothing = try await server.ask("GET", "/upstreams/crm/token?newer_than=\(tag)&wait=50ms")
            #expect(nothing.status == 304 && nothing["ETag"] == first["ETag"])
            async let next = server.ask("GET", "/upstreams/crm/token?newer_than=\(tag)&wait=20s")
            while try await server.ask("GET", "/upstreams").number("waiting") != 1 { try await Task.sleep(for: .milliseconds(5)) }
            _ = try await server.ask("POST", "/upstreams/crm/invalidate", body: #"{"access_token":"crm-1"}"#)
            #expect(try await next.member("access_token") == "crm-2")
            // A tag of another run of the server is older than everything.
            #expect(try await server.ask("GET", "/upstreams/crm/token?newer_than=abc-1-7&wait=0").member("access_token") == "crm-2")
        }
    }

    @Test func callerWhoGoesAwayLeavesTheQueue() async throws {
        let crm = Mint("crm")
        try await Harness.run(upstreams: Upstreams([crm.upstream(.loopback)])) { server in
            let tag = try #require(try await server.ask("GET", "/upstreams/crm/token")["ETag"]).filter { $0 != "\"" }
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(Harness.request("GET", "/upstreams/crm/token?newer_than=\(tag)&wait=60s"))
                while try await server.ask("GET", "/upstreams").number("waiting") != 1 { try await Task.sleep(for: .milliseconds(5)) }
            }
            let deadline = ContinuousClock.now + .seconds(5)
            while try await server.ask("GET", "/upstreams").number("waiting") != 0, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(try await server.ask("GET", "/upstreams").number("waiting") == 0)
        }
    }
}
