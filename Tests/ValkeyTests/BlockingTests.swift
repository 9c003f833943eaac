import Logging
import NIOCore
import Testing
import Valkey
import ValkeyServer

/// Commands that wait on purpose hold up nobody else.
@Suite("Blocking")
struct BlockingTests {
    @Test func aBlockedReadHoldsUpNobodyAndWakesUp() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient(.init(connectionPool: .init(sharedConnections: 1), commandTimeout: .milliseconds(500))) { client in
                // Longer than the timeout of other commands: what waits on purpose has time of its own.
                async let read = client.execute(XREAD([("s", "$")], block: .seconds(30)))
                try await eventually("the block") {
                    try await client.execute(INFO(sections: ["clients"])).contains("blocked_clients:1") ? true : nil
                }
                try await Task.sleep(for: .milliseconds(700))
                let id = try await client.execute(XADD("s", fields: ["k", "v"]))
                #expect(try await read.streams["s"]?.map(\.id) == [id])
                let range = try await client.execute(XRANGE("s", isReversed: true))
                #expect(range.map(\.id) == [id] && range[0]["k"] == ByteBuffer(text: "v"))
            }
        }
    }

    @Test func anEndlessReadIsCancelledAndItsConnectionGoes() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient(.init(connectionPool: .init(sharedConnections: 1, ownConnections: 1))) { client in
                let task = Task { try await client.execute(XREAD([("s", "$")], block: .zero)) }
                try await eventually("the block") {
                    try await client.execute(INFO(sections: ["clients"])).contains("blocked_clients:1") ? true : nil
                }
                task.cancel()
                let error = try await failure { try await task.value }
                #expect(error.errorCode == .cancelled)
                #expect(try await client.execute(WAIT(numreplicas: 0, timeout: 1)) == 0, "the only connection of its own is free again")
                try await eventually("the end of the block") {
                    try await client.execute(INFO(sections: ["clients"])).contains("blocked_clients:0") ? true : nil
                }
            }
        }
    }

    @Test func connectionsOfTheirOwnAreBounded() async throws {
        try await ValkeyServer.run { server in
            let pool = ValkeyClientConfiguration.ConnectionPool(sharedConnections: 1, ownConnections: 1, waitersForOwn: 1)
            try await server.withClient(.init(connectionPool: pool, commandTimeout: .milliseconds(200))) { client in
                try await client.withConnection { connection in
                    #expect(try await connection.execute(PING()) == "PONG")
                    async let late = failure { try await client.execute(WAIT(numreplicas: 0, timeout: 1)) }
                    let error = try await late
                    #expect(error.errorCode == .timeout && error.execution == .notExecuted)
                }
                #expect(try await client.execute(WAIT(numreplicas: 0, timeout: 1)) == 0)
            }
        }
    }

    @Test func aWriteIsAcknowledgedByItsReplica() async throws {
        try await ValkeyServer.runWithReplica { primary, replica in
            try await primary.withClient { client in
                let replies = await client.execute([SET("k", value: ByteBuffer(text: "v")), WAIT(numreplicas: 1, timeout: 5000)])
                #expect(try replies[1].get().decode(as: Int.self) == 1)
                let copy = try await replica.withClient { try await $0.execute(GET("k")) }
                #expect(copy == ByteBuffer(text: "v"))
                replica.pause()
                let late = await client.execute([INCR("n"), WAIT(numreplicas: 1, timeout: 100)])
                #expect(try late.map { try $0.get().decode(as: Int.self) } == [1, 0])
                replica.resume()
            }
        }
    }
}
