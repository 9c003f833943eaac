import Testing
import TokenCore
import Valkey
import ValkeyServer
import ValkeyStore

/// What a store is opened on, and what it is not opened on.
@Suite struct OpeningTests {
    @Test(arguments: Shape.allCases) func instancesThatStartTogetherOnEmptyServersAgreeOnOneStore(_ shape: Shape) async throws {
        try await shape.run { place in
            let stores = try await withThrowingTaskGroup(of: ValkeyStore.self) { group in
                for _ in 0..<8 { group.addTask { try await ValkeyStore.open(try place.client(), .init(partitions: 4)) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(stores.count { $0.notes.contains(.isNew) } == 1)
            // What one writes all others read, in every partition.
            for (index, partition) in [Partition(number: 0), Partition(number: 3), Partition.control].compactMap(\.self).enumerated() {
                let key = RecordKey(partition: partition, kind: .family, id: [1])
                try await stores[index].commit(Sample.insert(key))
                for store in stores { #expect(try await store.load([key], now: Sample.now)[0]?.body == [1]) }
            }
        }
    }

    @Test func anotherNumberOfPartitionsIsRefused() async throws {
        try await Shape.valkey.run { place in
            _ = try await ValkeyStore.open(try place.client(), .init(partitions: 4))
            let why = await Self.refusal { try await ValkeyStore.open(try place.client(), .init(partitions: 8)) }
            #expect(why?.contains("the store has 4 partitions and store.partitions is 8") == true, "\(why ?? "opened")")
        }
    }

    @Test func aStoreOfAnotherSchemaIsRefused() async throws {
        try await Shape.valkey.run { place in
            _ = try await ValkeyStore.open(try place.client(), .init(partitions: 4))
            try ValkeyCluster.ask(place.servers[0], "HSET {m}F schema 2")
            let why = await Self.refusal { try await ValkeyStore.open(try place.client(), .init(partitions: 4)) }
            #expect(why?.contains("whose schema is 2; this one reads schema 1") == true, "\(why ?? "opened")")
        }
    }

    @Test func emptyServersAreNotSetUpWhereThatIsNotWanted() async throws {
        try await Shape.valkey.run { place in
            let never = ValkeyStore.Configuration(partitions: 4, isMadeWhenEmpty: false)
            let why = await Self.refusal { try await ValkeyStore.open(try place.client(), never) }
            #expect(why?.contains("the servers are empty and store.create is never") == true, "\(why ?? "opened")")
            #expect(try ValkeyCluster.ask(place.servers[0], "DBSIZE").contains(":0"))
            _ = try await place.store()
            let store = try await place.store(never)
            #expect(!store.notes.contains(.isNew))
        }
    }

    @Test func aUserWhoMayNotRingIsRefused() async throws {
        try await Shape.valkey.run { place in
            try ValkeyCluster.ask(place.servers[0], "ACL SETUSER mute on >secret ~* resetchannels +@all")
            let url = place.url.replacing("valkey://", with: "valkey://mute:secret@")
            let why = await Self.refusal { try await ValkeyStore.open(try place.client(url), .init(partitions: 4)) }
            #expect(why?.contains("may not publish on the channels") == true, "\(why ?? "opened")")
        }
    }

    @Test func aServerThatThrowsThingsAwayIsRefused() async throws {
        try await ValkeyServer.run(.valkey, ["--maxmemory-policy", "allkeys-lru"]) { server in
            let place = Place(servers: [server], isCluster: false)
            let why = await Self.refusal { try await ValkeyStore.open(try place.client()) }
            #expect(why?.contains("maxmemory-policy is allkeys-lru") == true, "\(why ?? "opened")")
        }
    }

    @Test func fsyncedNeedsAFileAndAServerThatCanWaitForIt() async throws {
        let fsynced = ValkeyStore.Configuration(acknowledge: .fsynced(replicas: 0, timeout: .seconds(1)))
        try await Shape.redis.run { place in
            let why = await Self.refusal { try await ValkeyStore.open(try place.client(), fsynced) }
            #expect(why?.contains("needs Valkey, or Redis 7.2") == true, "\(why ?? "opened")")
        }
        try await Shape.valkey.run { place in
            let why = await Self.refusal { try await ValkeyStore.open(try place.client(), fsynced) }
            #expect(why?.contains("set appendonly to yes") == true, "\(why ?? "opened")")
        }
    }

    @Test func whoeverStartsIsToldWhatIsNotKept() async throws {
        try await ValkeyServer.runWithReplica { primary, _ in
            let place = Place(servers: [primary], isCluster: false)
            for (wanted, note) in [
                (1, nil), (2, OpeningNote.tooFewReplicas(replicas: 1, acknowledgements: 2)),
            ] as [(Int, OpeningNote?)] {
                let store = try await ValkeyStore.open(try place.client(), .init(acknowledge: .replicated(replicas: wanted, timeout: .seconds(1))))
                #expect(Set(store.notes).subtracting([.isNew]) == Set([.keepsNothingOnDisk, note].compactMap(\.self)))
            }
        }
    }

    /// A cluster of which one server lost its data is not a store in which some have no session.
    @Test func aServerWithoutItsDataIsNoticedAtTheStartAndByEveryRequest() async throws {
        try await Shape.cluster.run { place in
            let store = try await place.emptyStore()
            let partitions = (0..<4 as Range<UInt16>).compactMap { Partition(number: $0) } + [.control]
            try ValkeyCluster.ask(place.servers[1], "FLUSHALL")
            var lost = 0
            for partition in partitions {
                let key = RecordKey(partition: partition, kind: .family, id: [1])
                do throws(StoreError) {
                    _ = try await store.load([key], now: Sample.now)
                    try await store.commit(Sample.insert(key))
                } catch {
                    lost += 1
                    guard case .unavailable(let why) = error else { throw error }
                    #expect(why.contains("do not hold the store that was opened"))
                    await #expect(throws: error) { try await store.commit(Sample.insert(key)) }
                    await #expect(throws: error) { try await store.find(RecordQuery(partition: partition, kind: .client), now: Sample.now) }
                }
            }
            #expect(lost > 0 && lost < partitions.count)
            await #expect(throws: StoreError.self) { try await store.survey() }
            await #expect(throws: StoreError.self) { try await store.check() }
            let why = await Self.refusal { try await ValkeyStore.open(try place.client(), .init(partitions: 4)) }
            #expect(why?.contains("do not hold the whole store") == true, "\(why ?? "opened")")
        }
    }

    private static func refusal(_ open: () async throws -> ValkeyStore) async -> String? {
        do {
            _ = try await open()
            return nil
        } catch StoreError.corrupt(let why) { return why } catch { return "\(error)" }
    }
}
