import NIOCore
import Testing
import Valkey
import ValkeyServer

/// Commands against a real server.
@Suite("One server")
struct SingleServerTests {
    @Test(arguments: Program.allCases)
    func aHundredTasksShareTwoConnectionsAndEachGetsItsOwnReplies(program: Program) async throws {
        try await ValkeyServer.run(program) { server in
            try await server.withClient { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for task in 0..<100 {
                        group.addTask {
                            for turn in 0..<50 {
                                let text = "\(task)-\(turn)"
                                let script = EVAL(script: "return ARGV[1]", args: [ValkeyKey(text)])
                                let reply = try await client.execute(script).decode(as: String.self)
                                #expect(reply == text)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let info = try await client.execute(INFO(sections: ["clients", "stats"]))
                let facts = Dictionary(
                    info.split(whereSeparator: \.isNewline).map { $0.split(separator: ":") }.filter { $0.count == 2 }.map { ($0[0], $0[1]) },
                    uniquingKeysWith: { first, _ in first })
                #expect(facts["connected_clients"] == "2")
                let reads = try #require(facts["total_reads_processed"].flatMap { Int($0) })
                #expect(reads < 4000, "5,000 commands arrived in \(reads) reads: they were not pipelined")
            }
        }
    }

    @Test func commandsOfOneTaskKeepTheirOrder() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                let replies = await client.execute((0..<500).map { _ in INCR("n") })
                #expect(try replies.map { try $0.get().decode(as: Int.self) } == Array(1...500))
                let mixed = await client.execute([SET("s", value: ByteBuffer(text: "x")), INCR("s"), GET("s"), DEL(keys: ["s"])])
                #expect(try mixed[2].get().decode(as: String.self) == "x")
                let error = try await failure { try mixed[1].get() }
                #expect(error.errorCode == .commandError && error.execution == .replied && error.serverCode == "ERR")
            }
        }
    }

    @Test func aTimeoutConcernsItsCommandAlone() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient(.init(connectionPool: .init(sharedConnections: 1))) { client in
                try await client.execute(INCR("n"))
                server.pause()
                async let patient = client.execute(GET("m"), timeout: .seconds(15))
                let error = try await failure { try await client.execute(INCR("n"), timeout: .milliseconds(100)) }
                #expect(error.errorCode == .timeout && error.execution == .unknown)
                server.resume()
                #expect(try await patient == nil)
                #expect(try await client.execute(INCR("n")) == 3, "the late reply met nobody else")
            }
        }
    }

    @Test func aServerThatStaysSilentIsGivenUp() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient(.init(connectionPool: .init(sharedConnections: 1), commandTimeout: .milliseconds(500))) { client in
                try await client.execute(INCR("n"), timeout: .seconds(15))
                // The timer has been set to the next keep-alive by now, and has to be set back.
                try await Task.sleep(for: .milliseconds(600))
                server.pause()
                let error = try await failure { try await client.execute(INCR("n"), timeout: .seconds(15)) }
                #expect(error.errorCode == .connectionClosed && error.execution == .unknown, "\(error)")
                server.resume()
                try await eventually("a new connection") { try? await client.execute(PING()) }
            }
        }
    }

    @Test func aCancelledTaskStopsWaiting() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                try await client.execute(PING())
                server.pause()
                let task = Task { try await client.execute(INCR("n")) }
                try await Task.sleep(for: .milliseconds(100))
                task.cancel()
                let error = try await failure { try await task.value }
                #expect(error.errorCode == .cancelled)
                server.resume()
                #expect(try await client.execute(PING()) == "PONG")
                let before = Task { try await client.execute(INCR("n")) }
                before.cancel()
                _ = await before.result
            }
        }
    }

    @Test func tooManyCommandsAreRefusedUnsent() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient(.init(connectionPool: .init(sharedConnections: 1, commandsInFlight: 4))) { client in
                let error = try await failure { try await client.execute((0..<5).map { _ in INCR("n") })[4].get() }
                #expect(error.errorCode == .overloaded && error.execution == .notExecuted)
                #expect(try await client.execute(GET("n")) == nil)
            }
        }
    }

    @Test func aDatabaseIsChosen() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient(.init(databaseNumber: 3)) { _ = try await $0.execute(SET("k", value: ByteBuffer(text: "three"))) }
            let first = try await server.withClient { try await $0.execute(GET("k")) }
            #expect(first == nil)
            let fourth = try await server.withClient(.init(databaseNumber: 3)) { try await $0.execute(GET("k")) }
            #expect(fourth == ByteBuffer(text: "three"))
            let error = try await server.withClient(.init(databaseNumber: 99)) { client in
                try await failure { try await client.execute(PING()) }
            }
            #expect(error.errorCode == .greetingRefused && error.description.contains("DB index is out of range"))
        }
    }

    @Test func aReplyBeyondTheLimitEndsTheConnection() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient(.init(limits: RESPLimits(bulkBytes: 100))) { client in
                try await client.execute(SET("k", value: ByteBuffer(repeating: 1, count: 101)))
                let error = try await failure { try await client.execute(GET("k")) }
                #expect(error.errorCode == .respParsingError)
            }
        }
    }

    @Test func largeValuesTravelWhole() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                let value = ByteBuffer(bytes: (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31) } + [UInt8](repeating: 7, count: 5_000_000))
                try await client.execute(SET("k", value: value))
                #expect(try await client.execute(GET("k")) == value)
            }
        }
    }

    @Test func aClientThatWasShutDownSaysSo() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                try await client.execute(PING())
                client.shutdown()
                let error = try await failure { try await client.execute(PING()) }
                #expect(error.errorCode == .clientIsShutDown && error.execution == .notExecuted)
                let blocking = try await failure { try await client.execute(WAIT(numreplicas: 0, timeout: 1)) }
                #expect(blocking.errorCode == .clientIsShutDown)
            }
        }
    }
}
