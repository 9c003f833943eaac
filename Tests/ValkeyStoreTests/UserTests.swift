import Testing
import TokenCore
import Valkey
import ValkeyServer
import ValkeyStore

/// What the servers' user must be allowed (docs/operations.md).
@Suite struct UserTests {
    static let rules = "~{m* &{m* +@all -@admin -@dangerous +info"

    @Test(arguments: Shape.allCases) func aUserWithTheDocumentedRulesCanDoEverything(_ shape: Shape) async throws {
        try await shape.run { place in
            for server in place.servers { try ValkeyCluster.ask(server, "ACL SETUSER mintmark on >secret \(Self.rules)") }
            let url = place.url.replacing("valkey://", with: "valkey://mintmark:secret@")
            let store = try await ValkeyStore.open(try place.client(url), .init(partitions: 4, acknowledge: .memory))
            let key = RecordKey(partition: .control, kind: .client, id: [1])
            var batch = Sample.insert(key, indexKey: [1])
            batch.revocations = [RevocationEntry(.everything(upTo: Sample.now), expiresAt: Sample.now + .seconds(900))]
            batch.events = [Event(.issued, at: Sample.now)]
            var bells = store.bells().makeAsyncIterator()
            #expect(await bells.next() != nil)
            try await store.commit(batch)
            #expect(try await store.load([key], now: Sample.now)[0] != nil)
            #expect(try await store.find(RecordQuery(partition: .control, kind: .client), now: Sample.now).count == 1)
            #expect(try await store.find(RecordQuery(partition: .control, kind: .family), now: Sample.now).isEmpty)
            #expect(try await store.revocations(in: .control, after: 0, limit: 10).count == 1)
            #expect(try await store.survey()[.control]?.number == 1)
            #expect(try await store.time() > .epoch)
            try await store.check()
            try await store.trimEvents(through: 1)
            #expect(try await store.backlog().count == 0)
            store.close()
        }
    }
}
