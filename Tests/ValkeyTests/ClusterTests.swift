import Logging
import NIOCore
import Synchronization
import Testing
import Valkey
import ValkeyServer

/// Three primaries with a replica each. One cluster at a time: it is six processes.
@Suite("Cluster", .serialized)
struct ClusterTests {
    private func client(of cluster: ValkeyCluster, _ seeds: [Int]) -> ValkeyClusterClient {
        let configuration = ValkeyClientConfiguration(commandTimeout: .seconds(12), connectTimeout: .seconds(1))
        return ValkeyClusterClient(
            seeds.map { cluster.servers[$0].address }, configuration: .init(client: configuration), logger: Logger(label: "test"))
    }

    /// A hash tag whose slot the server with this number serves.
    private func tag(on server: Int) throws -> String {
        let bounds = [0..<5461, 5461..<10923, 10923..<16384]
        return try #require((0..<1000).map { "{t\($0)}" }.first { bounds[server].contains(Int(HashSlot(key: ValkeyKey($0)).rawValue)) })
    }

    @Test func commandsFindTheirNodesFromASeedThatIsAReplica() async throws {
        try await ValkeyCluster.run { cluster in
            let client = client(of: cluster, [4])
            defer { client.shutdown() }
            let keys = (0..<60).map { ValkeyKey("key\($0)") }
            let sets = await client.execute(keys.map { SET($0, value: $0.bytes) })
            #expect(sets.allSatisfy { (try? $0.get()) != nil })
            #expect(await client.execute(keys.map { GET($0) }).map { try? $0.get().decode(as: ValkeyKey.self) } == keys)
            #expect(Set(try await client.primaries()) == Set(cluster.servers[..<3].map(\.address)))
            let apart = try await failure { try await client.execute(MGET(keys: ["a", "b"])) }
            #expect(apart.errorCode == .clusterError && apart.execution == .notExecuted)

            let script = try await ValkeyScript("return redis.call('INCR', KEYS[1])", loadingInto: client)
            for server in 0..<3 {
                let replies = await client.execute([script(keys: [ValkeyKey(try tag(on: server))]), WAIT(numreplicas: 1, timeout: 5000)])
                #expect(try replies.map { try $0.get().decode(as: Int.self) } == [1, 1], "every node is taught")
            }
            for server in cluster.servers[..<3] {
                let time = await client.execute([TIME()], on: server.address)
                #expect(try time[0].get().decode(as: [Int].self).count == 2)
            }
            let channels = try (0..<3).map { try tag(on: $0) }
            try await client.ssubscribe(to: channels) { messages in
                for channel in channels { #expect(try await client.execute(SPUBLISH(shardchannel: channel, message: "x")) == 1) }
                var seen: Set<String> = []
                for try await message in messages {
                    seen.insert(message.channel)
                    if seen.count == 3 { break }
                }
                #expect(seen == Set(channels))
            }
        }
    }

    @Test func aSlotMovesUnderLoadAndNothingIsLostOrDoubled() async throws {
        try await ValkeyCluster.run { cluster in
            let client = client(of: cluster, [0])
            defer { client.shutdown() }
            let tag = try tag(on: 0)
            let slot = HashSlot(key: ValkeyKey(tag))
            let (source, target) = (cluster.servers[0], cluster.servers[1])
            let (sourceID, targetID) = (try cluster.id(of: source), try cluster.id(of: target))
            let keys = (0..<20).map { "\(tag)\($0)" }
            let load = Load()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var turn = worker
                        while !load.isOver.withLock({ $0 }) {
                            turn += 1
                            try await client.execute(INCR(ValkeyKey(keys[turn % keys.count])))
                            load.acknowledged.withLock { $0 += 1 }
                        }
                    }
                }
                group.addTask {
                    let error = try await failure {
                        try await client.ssubscribe(to: [tag]) { messages in
                            load.isSubscribed.withLock { $0 = true }
                            for try await _ in messages {}
                        }
                    }
                    #expect(error.errorCode == .subscriptionError, "a channel whose slot has moved")
                }
                try await eventually("some load") { load.acknowledged.withLock { $0 } > 200 && load.isSubscribed.withLock { $0 } ? true : nil }
                try ValkeyCluster.ask(target, "CLUSTER SETSLOT \(slot) IMPORTING \(sourceID)")
                try ValkeyCluster.ask(source, "CLUSTER SETSLOT \(slot) MIGRATING \(targetID)")
                let half = keys[..<10].joined(separator: " ")
                #expect(try ValkeyCluster.ask(source, "MIGRATE 127.0.0.1 \(target.port) \"\" 0 5000 KEYS \(half)").contains("+OK"))
                let moved = load.acknowledged.withLock { $0 }
                try await eventually("load with half of the keys moved") { load.acknowledged.withLock { $0 } > moved + 200 ? true : nil }
                _ = try ValkeyCluster.ask(source, "MIGRATE 127.0.0.1 \(target.port) \"\" 0 5000 KEYS \(keys[10...].joined(separator: " "))")
                for server in [target, source] { try ValkeyCluster.ask(server, "CLUSTER SETSLOT \(slot) NODE \(targetID)") }
                let done = load.acknowledged.withLock { $0 }
                try await eventually("load after the move") { load.acknowledged.withLock { $0 } > done + 200 ? true : nil }
                load.isOver.withLock { $0 = true }
                try await group.waitForAll()
            }
            let values = try await client.execute(MGET(keys: keys.map { ValkeyKey($0) }))
            let sum = values.reduce(0) { $0 + ($1.flatMap { Int(String(buffer: $0)) } ?? 0) }
            #expect(sum == load.acknowledged.withLock { $0 })
        }
    }

    @Test func aKilledPrimaryIsFollowedToItsReplica() async throws {
        try await ValkeyCluster.run { cluster in
            let client = client(of: cluster, [0, 1])
            defer { client.shutdown() }
            let key = ValkeyKey(try tag(on: 0))
            let replies = await client.execute([INCR(key), WAIT(numreplicas: 1, timeout: 5000)])
            #expect(try replies[1].get().decode(as: Int.self) == 1)
            let second = try await ValkeyCluster.withQuickFailover(cluster.servers) {
                cluster.servers[0].kill()
                // It was certainly not executed, or may be repeated: so it waits for the new primary.
                return try await client.execute(Repeatable(INCR(key)))
            }
            #expect(second == 2)
            #expect(try await client.primaries().contains(cluster.servers[3].address))
            #expect(try await client.execute(INCR(ValkeyKey(try tag(on: 1)))) == 1)
        }
    }
}

/// What writers and a test tell each other.
private final class Load: Sendable {
    let acknowledged = Mutex(0)
    let isOver = Mutex(false)
    let isSubscribed = Mutex(false)
}
