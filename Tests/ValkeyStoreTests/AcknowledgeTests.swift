import Testing
import TokenCore
import Valkey
import ValkeyServer
import ValkeyStore

/// What a commit waits for, and what it says when it waited in vain.
@Suite struct AcknowledgeTests {
    private let key = RecordKey(partition: .control, kind: .family, id: [1])

    @Test func replicatedIsInTheReplicaWhenItReturns() async throws {
        try await ValkeyServer.runWithReplica { primary, replica in
            let store = try await Place(servers: [primary], isCluster: false).store(.init(partitions: 4, acknowledge: Self.one))
            for round in 0..<20 as Range<UInt64> {
                let put = Write.put(Sample.record(key, body: [UInt8(round)]), expecting: Version(round))
                try await store.commit(WriteBatch(partition: .control, now: Sample.now, writes: [put]))
                #expect(try ValkeyCluster.ask(replica, "EXISTS {m}f\u{1}").contains(":1"))
            }
        }
    }

    @Test func withoutTheReplicaTheOutcomeIsUnknownAndTheSameMayBeRepeated() async throws {
        try await ValkeyServer.runWithReplica { primary, replica in
            let store = try await Place(servers: [primary], isCluster: false).store(
                .init(partitions: 4, acknowledge: .replicated(replicas: 1, timeout: .milliseconds(200))))
            replica.pause()
            defer { replica.resume() }
            let unknown = StoreError.outcomeUnknown("The write was not acknowledged within 0.2 seconds.")
            await #expect(throws: unknown) { try await store.commit(Sample.insert(key)) }
            // It was not undone: the same again finds it, and is not acknowledged either.
            await #expect(throws: StoreError.conflict) { try await store.commit(Sample.insert(key)) }
            let expect = WriteBatch(partition: .control, now: Sample.now, writes: [.expect(key, expecting: Version(1))])
            await #expect(throws: unknown) { try await store.commit(expect) }
            await #expect(throws: unknown) { try await store.confirm(.control) }
            replica.resume()
            try await eventually("the replica") { (try? await store.confirm(.control)) != nil ? true : nil }
            try await store.commit(expect)
        }
    }

    @Test func fsyncedWaitsForTheFile() async throws {
        try await ValkeyServer.run(.valkey, ["--appendonly", "yes", "--appendfsync", "everysec"]) { server in
            let place = Place(servers: [server], isCluster: false)
            let store = try await place.store(.init(partitions: 4, acknowledge: .fsynced(replicas: 0, timeout: .seconds(5))))
            #expect(store.notes == [.isNew])
            try await store.commit(Sample.insert(key))
            server.kill()
            try await server.start()
            try await eventually("the server") {
                (try? await store.load([key], now: Sample.now)[0]).flatMap(\.self).map { #expect($0.body == [1]) }
            }
        }
    }

    @Test func aServerOutOfMemoryWritesNothing() async throws {
        try await Shape.valkey.run { place in
            let store = try await place.emptyStore()
            try await store.commit(Sample.insert(key, indexKey: [1]))
            try ValkeyCluster.ask(place.servers[0], "CONFIG SET maxmemory 1")
            let batch = WriteBatch(
                partition: .control, now: Sample.now,
                writes: [
                    .remove(key, expecting: Version(1)),
                    .put(Sample.record(.init(partition: .control, kind: .family, id: [2])), expecting: .absent),
                ],
                revocations: [RevocationEntry(.everything(upTo: Sample.now), expiresAt: Sample.now + .seconds(900))],
                events: [Event(.issued, at: Sample.now)])
            do {
                try await store.commit(batch)
                Issue.record("it was written")
            } catch StoreError.unavailable(let why) { #expect(why.contains("out of memory")) }
            // Reading goes on, and nothing of the batch is there.
            #expect(try await store.load([key], now: Sample.now)[0]?.version == Version(1))
            #expect(try await store.find(RecordQuery(partition: .control, kind: .family, indexKey: [1]), now: Sample.now).count == 1)
            #expect(try await store.revocationHeads().isEmpty)
            #expect(try await store.outboxHeads().isEmpty)
            try ValkeyCluster.ask(place.servers[0], "CONFIG SET maxmemory 0")
            try await store.commit(batch)
            #expect(try await store.revocationHeads() == [.control: 1])
        }
    }

    @Test(arguments: Shape.allCases) func aServerThatForgotItsScriptsLearnsThemAgain(_ shape: Shape) async throws {
        try await shape.run { place in
            let store = try await place.emptyStore()
            for round in 0..<10 as Range<UInt64> {
                for server in place.servers.prefix(3) { try ValkeyCluster.ask(server, "SCRIPT FLUSH") }
                let put = Write.put(Sample.record(key, body: [UInt8(round)], indexKey: [1]), expecting: Version(round))
                try await store.commit(WriteBatch(partition: .control, now: Sample.now, writes: [put]))
                #expect(try await store.find(RecordQuery(partition: .control, kind: .family, indexKey: [1]), now: Sample.now).count == 1)
            }
        }
    }

    private static let one = Acknowledge.replicated(replicas: 1, timeout: .seconds(5))
}
