import SQLiteStore
import Testing
import TokenCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A folder of its own under the system's temporary one.
func temporaryFolder() -> String {
    "/tmp/mintmark-store-\(getpid())-\(UInt64.random(in: 0 ... .max))/data"
}

@Suite struct SQLiteStoreTests {
    @Test func aCommitIsReadBackAlsoAfterReopening() async throws {
        let folder = temporaryFolder()
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        let partition = try #require(Partition(number: 3))
        let key = RecordKey(partition: partition, kind: .family, id: [1, 2, 3])
        let now = UnixTime(seconds: 1_000)
        let record = StoredRecord(
            key: key, version: .absent, body: [9, 9], indexKey: [7], expiresAt: UnixTime(seconds: 2_000), activity: Activity(lastSeen: now))
        var batch = WriteBatch(partition: partition, now: now, writes: [.put(record, expecting: .absent)])
        batch.events = [Event(.issued, at: now, subject: "1")]
        batch.revocations = [RevocationEntry(.everything(upTo: now), expiresAt: UnixTime(seconds: 3_000))]
        try await store.commit(batch)
        await #expect(throws: StoreError.conflict) { try await store.commit(batch) }
        for reopens in 0..<2 {
            let reader = reopens == 0 ? store : try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
            let loaded = try await reader.load([key], now: now)
            #expect(loaded[0]?.body == [9, 9])
            #expect(loaded[0]?.version == Version(1))
            #expect(try await reader.find(RecordQuery(partition: partition, kind: .family, indexKey: [7]), now: now).count == 1)
            #expect(try await reader.events(after: 0, limit: 10).map(\.number) == [1])
            #expect(try await reader.backlog().count == 1)
            #expect(try await reader.revocationHeads() == [partition: 1])
            try await reader.check()
            await reader.close()
        }
    }
}
