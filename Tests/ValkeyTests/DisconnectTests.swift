import Logging
import NIOCore
import Testing
import Valkey
import ValkeyServer

/// What callers learn when a server goes away, and when it comes back.
@Suite("Disconnects")
struct DisconnectTests {
    @Test func aWriteInFlightFailsAsPerhapsExecutedAndIsNotSentAgain() async throws {
        try await ValkeyServer.run(.valkey, ["--appendonly", "yes"]) { server in
            try await server.withClient { client in
                #expect(try await client.execute(INCR("n")) == 1)
                server.pause()
                async let outcome = failure { try await client.execute(INCR("n")) }
                try await Task.sleep(for: .milliseconds(50))
                server.kill()
                let error = try await outcome
                #expect(error.errorCode == .connectionClosed && error.execution == .unknown)
                try await server.start()
                #expect(try await client.execute(GET("n")) == ByteBuffer(text: "1"), "it was held, so it was not executed, and not sent again")
            }
        }
    }

    @Test func aReadInFlightIsSentAgainToTheServerThatCameBack() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                try await client.execute(PING())
                server.pause()
                async let value = client.execute(GET("n"))
                async let marked = client.execute(Repeatable(INCR("m")))
                try await Task.sleep(for: .milliseconds(50))
                server.kill()
                try await server.start()
                #expect(try await value == nil)
                #expect(try await marked == 1)
            }
        }
    }

    @Test func aCommandWaitsForAServerThatIsNotThereYet() async throws {
        try await ValkeyServer.run { server in
            server.kill()
            try await server.withClient { client in
                async let count = client.execute(INCR("n"))
                try await Task.sleep(for: .milliseconds(100))
                try await server.start()
                #expect(try await count == 1)
            }
        }
    }

    @Test func aServerThatStaysAwayIsAnErrorInTime() async throws {
        try await ValkeyServer.run { server in
            server.kill()
            try await server.withClient(.init(commandTimeout: .milliseconds(300))) { client in
                let clock = ContinuousClock()
                let start = clock.now
                let error = try await failure { try await client.execute(INCR("n")) }
                #expect(error.errorCode == .connectionFailed && error.execution == .notExecuted)
                #expect(error.description.contains("127.0.0.1:\(server.port)"))
                #expect(clock.now - start < .seconds(10), "and not for ever")
            }
        }
    }

    @Test func everyConnectionComesBackAfterARestart() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                for round in 0..<3 {
                    try await client.execute(SET("round", value: ByteBuffer(text: "\(round)")))
                    server.kill()
                    try await server.start()
                }
                for _ in 0..<10 { #expect(try await client.execute(PING()) == "PONG") }
            }
        }
    }
}
