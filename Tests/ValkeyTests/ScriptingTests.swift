import NIOCore
import Testing
import Valkey
import ValkeyServer

/// Code on the server, which may forget it.
@Suite("Scripts and functions")
struct ScriptingTests {
    @Test(arguments: Program.allCases)
    func aScriptThatWasFlushedIsTaughtAgainWithinTheCall(program: Program) async throws {
        try await ValkeyServer.run(program) { server in
            try await server.withClient { client in
                let script = try await ValkeyScript("return redis.call('INCRBY', KEYS[1], ARGV[1])", loadingInto: client)
                #expect(try await client.execute(script(keys: ["n"], arguments: ["5"])).decode(as: Int.self) == 5)
                try await client.execute(ValkeyRawCommand(["SCRIPT", "FLUSH"]))
                #expect(try await client.execute(script(keys: ["n"], arguments: ["5"])).decode(as: Int.self) == 10)
                try await client.execute(ValkeyRawCommand(["SCRIPT", "FLUSH"]))
                let replies = await client.execute([INCR("m"), script(keys: ["n"], arguments: ["1"]), GET("n")])
                #expect(try replies[0].get().decode(as: Int.self) == 1, "what was executed is not executed again")
                #expect(try replies[1].get().decode(as: Int.self) == 11)
            }
        }
    }

    @Test func manyTasksMeetAForgetfulServerAtOnce() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                let script = try await ValkeyScript("return redis.call('INCR', KEYS[1])", loadingInto: client)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for _ in 0..<20 { try await client.execute(ValkeyRawCommand(["SCRIPT", "FLUSH"])) } }
                    for _ in 0..<20 { group.addTask { for _ in 0..<20 { try await client.execute(script(keys: ["n"])) } } }
                    try await group.waitForAll()
                }
                #expect(try await client.execute(GET("n")) == ByteBuffer(text: "400"))
            }
        }
    }

    @Test func anErrorOfAScriptIsItsReply() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                let script = try await ValkeyScript("return redis.error_reply('CONFLICT expected 3')", loadingInto: client)
                let error = try await failure { try await client.execute(script(keys: ["k"])) }
                #expect(error.serverCode == "CONFLICT" && error.execution == .replied)
                let broken = try await failure { try await ValkeyScript("return (", loadingInto: client) }
                #expect(broken.message.contains("compiling"))
            }
        }
    }

    @Test(arguments: Program.allCases)
    func aFunctionThatIsMissingIsTaughtWithinTheCall(program: Program) async throws {
        try await ValkeyServer.run(program) { server in
            try await server.withClient { client in
                let library = ValkeyFunctionLibrary(
                    """
                    #!lua name=counting
                    redis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
                    """)
                let call = library.call("add", keys: ["n"], arguments: ["2"])
                #expect(try await client.execute(call).decode(as: Int.self) == 2)
                try await client.execute(ValkeyRawCommand(["FUNCTION", "FLUSH"]))
                #expect(try await client.execute(call).decode(as: Int.self) == 4)
                let error = try await failure { try await client.execute(library.call("absent", keys: ["n"])) }
                #expect(error.message.contains("Function not found"))
            }
        }
    }
}
