import NIOCore
import Testing
import ValkeyServer

@testable import Valkey

/// Messages, and what happens when some may be missing.
@Suite("Subscriptions")
struct SubscriptionTests {
    @Test func messagesComeInOrderFromChannelsPatternsAndShards() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                try await client.subscribe(to: ["a", "b"]) { messages in
                    for number in 0..<100 { try await client.execute(PUBLISH(channel: number % 2 == 0 ? "a" : "b", message: ValkeyKey("\(number)"))) }
                    #expect(try await collect(100, messages) == (0..<100).map { "\($0 % 2 == 0 ? "a" : "b") \($0)" })
                }
                try await client.psubscribe(to: ["news.*"]) { messages in
                    try await client.execute(PUBLISH(channel: "news.x", message: "1"))
                    #expect(try await collect(1, messages) == ["news.x 1"])
                }
                try await client.ssubscribe(to: ["{s}1", "{s}2"]) { messages in
                    let receivers = try await client.execute(SPUBLISH(shardchannel: "{s}2", message: "1"))
                    #expect(receivers == 1)
                    #expect(try await collect(1, messages) == ["{s}2 1"])
                }
                try await eventually("the end of the subscriptions") {
                    try await client.execute(PUBLISH(channel: "a", message: "x")) == 0 ? true : nil
                }
            }
        }
    }

    private func collect(_ count: Int, _ messages: ValkeySubscription) async throws -> [String] {
        var result: [String] = []
        for try await message in messages {
            result.append("\(message.channel) \(String(buffer: message.message))")
            if result.count == count { break }
        }
        return result
    }

    @Test func aBrokenConnectionEndsTheSequenceWithAnError() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient { client in
                let error = try await failure {
                    try await client.subscribe(to: ["a"]) { messages in
                        server.kill()
                        for try await _ in messages {}
                    }
                }
                #expect(error.errorCode == .connectionClosed)
                try await server.start()
                try await client.subscribe(to: ["a"]) { messages in
                    try await client.execute(PUBLISH(channel: "a", message: "again"))
                    #expect(try await collect(1, messages) == ["a again"])
                }
            }
        }
    }

    @Test func aReaderThatIsTooSlowIsToldSo() async throws {
        try await ValkeyServer.run { server in
            try await server.withClient(.init(subscriptionBuffer: 4)) { client in
                var seen = 0
                let error = try await failure {
                    try await client.subscribe(to: ["a"]) { messages in
                        _ = await client.execute((0..<10).map { PUBLISH(channel: "a", message: ValkeyKey("\($0)")) })
                        try await eventually("the messages") { messages.feed.failure != nil ? true : nil }
                        for try await _ in messages { seen += 1 }
                    }
                }
                #expect(error.errorCode == .subscriptionError && seen == 4)
            }
        }
    }

    @Test func aRefusedChannelIsAnError() async throws {
        try await ValkeyServer.run(.valkey, ["--user", "default", "on", "nopass", "~*", "resetchannels", "&a", "+@all"]) { server in
            try await server.withClient { client in
                let error = try await failure { try await client.subscribe(to: ["b"]) { _ in } }
                #expect(error.serverCode == "NOPERM")
            }
        }
    }
}
