import Testing
import TokenCore
import Valkey
import ValkeyServer

@testable import ValkeyStore

/// A slot on its way from one server to another: nothing is written in half, and what can be answered is.
@Suite struct MigrationTests {
    @Test func whileASlotMovesABatchIsWrittenWholeOrNotAtAll() async throws {
        try await Shape.cluster.run { place in
            let store = try await place.emptyStore()
            let key = RecordKey(partition: .control, kind: .family, id: Array("b".utf8))
            let other = RecordKey(partition: .control, kind: .family, id: Array("c".utf8))
            for key in [key, other] { try await store.commit(Sample.insert(key, indexKey: Array("a".utf8))) }
            let (source, target, slot) = try servers(place)
            try ValkeyCluster.ask(target, "CLUSTER SETSLOT \(slot) IMPORTING \(try id(source))")
            try ValkeyCluster.ask(source, "CLUSTER SETSLOT \(slot) MIGRATING \(try id(target))")
            // The index has gone, its records have not.
            try ValkeyCluster.ask(source, "MIGRATE 127.0.0.1 \(target.port) {m}Ifa 0 5000")
            let end = WriteBatch(
                partition: .control, now: Sample.now, writes: [.remove(key, expecting: Version(1))],
                revocations: [RevocationEntry(.everything(upTo: Sample.now), expiresAt: Sample.now + .seconds(900))])
            for _ in 0..<3 {
                await #expect(throws: StoreError.self) { try await store.commit(end) }
                #expect(try await store.load([key], now: Sample.now)[0]?.version == Version(1))
                #expect(try await store.revocations(in: .control, after: 0, limit: 10).isEmpty)
            }
            // Every log can be looked at all the time, that of the slot on its way too.
            #expect(try await store.survey().count == 5)
            for name in ["M", "H", "fb", "fc", "F", "T"] {
                try ValkeyCluster.ask(source, "MIGRATE 127.0.0.1 \(target.port) {m}\(name) 0 5000")
                #expect(try await store.survey().count == 5, "without \(name)")
            }
            for server in place.servers.prefix(3) { try ValkeyCluster.ask(server, "CLUSTER SETSLOT \(slot) NODE \(try id(target))") }
            try await store.commit(end)
            #expect(try await store.load([key, other], now: Sample.now).map { $0?.version } == [nil, Version(1)])
            #expect(
                try await store.find(RecordQuery(partition: .control, kind: .family, indexKey: Array("a".utf8)), now: Sample.now).map(\.key) == [
                    other
                ])
            #expect(try await store.revocations(in: .control, after: 0, limit: 10).count == 1)
        }
    }

    /// One server away hides nothing of the others.
    @Test func aServerThatIsAwayHidesNoRevocationOfTheOthers() async throws {
        try await Shape.cluster.run { place in
            let store = try await place.emptyStore()
            let all = try await store.survey()
            #expect(all.count == 5)
            let (source, _, _) = try servers(place)
            let listener = try await place.store()
            var bells = listener.bells().makeAsyncIterator()
            var waiting = Set(all.keys)
            while !waiting.isEmpty { waiting.remove(try #require(await bells.next())) }
            source.pause()
            defer { source.resume() }
            let found = try await store.survey()
            #expect(!found.isEmpty && found.count < 5)
            let healthy = try #require(found.keys.first)
            let entry = RevocationEntry(.everything(upTo: Sample.now), expiresAt: Sample.now + .seconds(900))
            try await store.commit(WriteBatch(partition: healthy, now: Sample.now, revocations: [entry]))
            #expect(await bells.next() == healthy)
        }
    }

    /// The server of the control partition's slot, another primary, and the slot.
    private func servers(_ place: Place) throws -> (source: ValkeyServer, target: ValkeyServer, slot: Int) {
        let slot = Int(HashSlot(key: Names(.control).marker).rawValue)
        let index = slot < 5461 ? 0 : slot < 10923 ? 1 : 2
        return (place.servers[index], place.servers[(index + 1) % 3], slot)
    }

    private func id(_ server: ValkeyServer) throws -> String {
        String(try ValkeyCluster.ask(server, "CLUSTER MYID").split(whereSeparator: \.isNewline).last ?? "")
    }
}
