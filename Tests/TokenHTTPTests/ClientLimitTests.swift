import SQLiteStore
import TestSupport
import Testing
import TokenCore
import TokenEngine

/// Canon 58: clients are bounded, and whoever asks for one more is told why there is none.
@Suite struct ClientLimitTests {
    @Test func oneClientMoreThanTheBoundIs409() async throws {
        let store = try SQLiteStore.open(.init(path: temporaryFolder()))
        let now = UnixTime(seconds: 1_800_000_000)
        let most = 10_000
        for start in stride(from: 0, to: most - 1, by: 1_000) {
            var batch = WriteBatch(partition: .control, now: now)
            for number in start..<min(start + 1_000, most - 1) {
                let id = try #require(ClientID("mmc_\(number)"))
                let record = try #require(ClientRecord(id: id, name: "backend \(number)", secret: [1], createdAt: now))
                batch.writes.append(.put(record, over: .absent))
            }
            try await store.commit(batch)
        }
        try await Harness.run(store: store) { server in
            let last = try await server.administer("POST", "/clients", body: #"{"name":"last"}"#)
            #expect(last.status == 201)
            let more = try await server.administer("POST", "/clients", body: #"{"name":"one more"}"#)
            #expect(more.status == 409 && more["Content-Type"] == "application/json")
            #expect(more.body == #"{"error":"conflict","error_description":"There are too many clients."}"#)
        }
        await store.close()
    }
}
