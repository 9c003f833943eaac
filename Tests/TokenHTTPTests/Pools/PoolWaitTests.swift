import JOSE
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// Waiting for a token over HTTP.
struct PoolWaitTests {
    private func until(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<1_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("what was waited for did not come")
    }

    @Test(arguments: ["?wait=30s", "?wait=30", "?wait=30000ms"]) func whoWaitsHasTheTokenWhenItIsGivenBack(_ query: String) async throws {
        try await Harness.run(pool: PoolPolicy(rest: .zero)) { server in
            _ = try await server.generate(1)
            let held = try await server.assign()
            async let waiting = server.ask("POST", "/tokens/assign" + query)
            try await until { try await server.count("waiting") == 1 }
            _ = try await server.ask("POST", "/tokens/unblock", body: #"{"token":"\#(held.token)"}"#)
            let reply = try await waiting
            #expect(reply.status == 200 && reply.json?["token"]?.string == held.token && reply["Connection"] == nil)
        }
    }

    @Test func aWaitInTheBodyThatEndsIs404() async throws {
        try await Harness.run { server in
            let reply = try await server.ask("POST", "/tokens/assign", body: #"{"wait":"20ms"}"#)
            #expect(reply.status == 404 && reply.error == "none_free" && reply["Retry-After"] != nil)
            #expect(try await server.count("waiting") == 0)
        }
    }

    /// The connection is closed while its request waits.
    @Test func aCallerThatGoesAwayLeavesTheQueue() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(Harness.request("POST", "/tokens/assign?wait=60s"))
                try await until { try await server.count("waiting") == 1 }
            }
            try await until { try await server.count("waiting") == 0 }
            _ = try await server.generate(1)
            #expect(try await server.ask("POST", "/tokens/assign").status == 200, "nobody before it")
        }
    }

    /// A connection goes on after a wait.
    @Test func aConnectionServesOnAfterAWait() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                for _ in 0..<3 {
                    try await wire.send(Harness.request("POST", "/tokens/assign?wait=5ms"))
                    #expect(try await wire.reply().status == 404)
                }
                try await wire.send(Harness.request("GET", "/ping"))
                #expect(try await wire.reply().body == "pong")
            }
        }
    }

    /// Those who wait do not use up the share of work of their connection, nor hold up the end of the server.
    @Test func aServerThatStopsSendsThoseWhoWaitAway() async throws {
        try await Harness.run { server in
            async let waiting = server.ask("POST", "/tokens/assign?wait=60s")
            try await until { try await server.count("waiting") == 1 }
            await server.stop()
            #expect(try await waiting.status == 503)
        }
    }
}
