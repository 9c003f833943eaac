import TestSupport
import Testing
import TokenCore

@testable import SQLiteStore

/// What the store does with the disk: how much it takes, and when there is no more.
@Suite struct DiskSpaceTests {
    @Test func onAFullDiskReadsGoOnAndWritesRecover() async throws {
        var configuration = SQLiteStore.Configuration(path: temporaryFolder(), synchronous: .off)
        configuration.mostPages = 100
        let store = try SQLiteStore.open(configuration)
        let end = Sample.now + .seconds(60)
        var written = 0
        while await outcome(store, Sample.insert(written, bytes: 2000, expiresAt: end)) == nil { written += 1 }
        #expect(written > 20)
        #expect(await outcome(store, Sample.insert(written, bytes: 2000)) == .unavailable("database or disk is full"))
        await #expect(throws: StoreError.unavailable("database or disk is full")) { try await store.check() }
        #expect(try await store.load([Sample.key(written - 1)], now: Sample.now)[0] != nil)
        #expect(try await store.load([Sample.key(written)], now: Sample.now)[0] == nil)
        #expect(try await store.backlog().count == written)
        // There is space again: nobody has to restart anything.
        #expect(try await store.sweep(now: end, limit: 1000) == written)
        try await store.check()
        #expect(await outcome(store, Sample.insert(written, bytes: 2000)) == nil)
        #expect(try await store.events(after: 0, limit: 1000).map(\.number) == Array(1...UInt64(written + 1)))
        await store.close()
    }

    @Test func refreshesOfTheSameSessionsDoNotGrowTheFile() async throws {
        let folder = temporaryFolder()
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, synchronous: .off))
        var sizes: [Int] = []
        for round in 0..<30 {
            for session in 0..<40 { try await refresh(store, session, times: 5, from: round * 5) }
            try await store.trimEvents(through: .max)
            if round >= 10 { sizes.append(fileSize(folder + "/mintmark.db") + fileSize(folder + "/mintmark.db-wal")) }
        }
        #expect(Set(sizes).count == 1, "the file goes on growing: \(sizes)")
        await store.close()
    }

    /// Old ones go inside the commits of new ones: nobody calls `sweep`.
    @Test func expiredSessionsMakeRoomForNewOnes() async throws {
        let folder = temporaryFolder()
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, synchronous: .off))
        for number in 0..<3000 {
            let now = Sample.now + .seconds(number)
            var batch = WriteBatch(partition: Sample.partition, now: now)
            batch.writes = [.put(Sample.record(number, expiresAt: now + .seconds(100)), expecting: .absent)]
            batch.revocations = [RevocationEntry(.everything(upTo: now), expiresAt: now + .seconds(100))]
            try await store.commit(batch)
        }
        let query = RecordQuery(partition: Sample.partition, kind: .family, limit: 1000)
        #expect(try await store.find(query, now: .epoch).count <= 101)
        #expect(try await store.revocations(in: Sample.partition, after: 0, limit: 10_000).count <= 101)
        await store.close()
        #expect(fileSize(folder + "/mintmark.db") < 400_000)
    }

    @Test func aSessionTakesAtMostFourHundredBytesBesideWhatTheCallerStored() async throws {
        let folder = temporaryFolder()
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, synchronous: .off))
        let count = 20_000
        for start in stride(from: 0, to: count, by: 500) {
            let writes = (start..<start + 500).map { number in
                Write.put(Sample.record(number &* 7919 % count, expiresAt: Sample.now + .seconds(number)), expecting: .absent)
            }
            try await store.commit(WriteBatch(partition: Sample.partition, now: Sample.now - .seconds(1), writes: writes))
        }
        await store.close()
        let each = fileSize(folder + "/mintmark.db") / count
        #expect(each <= 400, "\(each) bytes")
        print("bytes per session, its 130 byte body and both indexes included: \(each)")
    }

    private func refresh(_ store: SQLiteStore, _ session: Int, times: Int, from version: Int) async throws {
        for round in version..<version + times {
            var record = Sample.record(session, expiresAt: Sample.now + .seconds(3600 + round))
            record.body[0] = UInt8(round & 255)
            try await store.commit(
                WriteBatch(
                    partition: Sample.partition, now: Sample.now + .seconds(round),
                    writes: [.put(record, expecting: Version(UInt64(round)))], events: [Event(.refreshed, at: Sample.now, count: UInt64(round))]))
        }
    }
}
