import SQLiteStore
import TestSupport
import Testing
import TokenCore

/// Opening, closing and whom the folder belongs to.
@Suite struct SQLiteStoreTests {
    @Test func everythingIsThereAfterReopening() async throws {
        let folder = temporaryFolder()
        var batch = Sample.insert(1)
        batch.revocations = [RevocationEntry(.everything(upTo: Sample.now), expiresAt: .distantFuture)]
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        try await store.commit(batch)
        let before = try await store.load([Sample.key(1)], now: Sample.now)
        await store.close()
        let again = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        #expect(try await again.load([Sample.key(1)], now: Sample.now) == before)
        #expect(before[0]?.version == Version(1))
        #expect(try await again.events(after: 0, limit: 10).map(\.event) == batch.events)
        #expect(try await again.revocations(in: Sample.partition, after: 0, limit: 10).map(\.entry) == batch.revocations)
        await again.close()
    }

    @Test func onlyTheOwnerMayReadTheFolder() async throws {
        let folder = temporaryFolder()
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        try await store.commit(Sample.insert(1))
        #expect(mode(folder) == 0o700)
        for file in ["mintmark.db", "mintmark.db-wal", "mintmark.db-shm", "lock"] { #expect(mode(folder + "/" + file) == 0o600, "\(file)") }
        await store.close()
        #expect(fileSize(folder + "/mintmark.db-wal") == 0, "closing leaves a log behind")
    }

    @Test func aFolderBelongsToOneStoreAtATime() async throws {
        let configuration = SQLiteStore.Configuration(path: temporaryFolder())
        let store = try SQLiteStore.open(configuration)
        #expect(throws: StoreError.unavailable("the folder \(configuration.path) is in use by another store")) {
            try SQLiteStore.open(configuration)
        }
        try await store.commit(Sample.insert(1))
        await store.close()
        await (try SQLiteStore.open(configuration)).close()
    }

    @Test func aClosedStoreFinishesWhatItTookAndRefusesTheRest() async throws {
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: temporaryFolder()))
        let outcomes = await withTaskGroup(of: StoreError?.self) { group in
            for number in 0..<200 { group.addTask { await outcome(store, Sample.insert(number)) } }
            group.addTask {
                await store.close()
                return nil
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.allSatisfy { $0 == nil || $0 == .unavailable("the store is closed") })
        await store.close()
        #expect(await outcome(store, Sample.insert(999)) == .unavailable("the store is closed"))
        await #expect(throws: StoreError.unavailable("the store is closed")) { try await store.load([Sample.key(1)], now: Sample.now) }
    }

    @Test func theNumberOfPartitionsIsFixed() async throws {
        let folder = temporaryFolder()
        await (try SQLiteStore.open(SQLiteStore.Configuration(path: folder, partitions: 16))).close()
        #expect(throws: StoreError.corrupt("the store was made with 16 partitions and cannot be opened with 64")) {
            try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        }
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, partitions: 16))
        #expect(store.partitionCount == 16)
        await store.close()
    }

    @Test func aFileOfALaterVersionIsRefusedAndLeftAsItIs() async throws {
        let folder = temporaryFolder()
        await (try SQLiteStore.open(SQLiteStore.Configuration(path: folder))).close()
        try tamper(folder, "INSERT INTO grdb_migrations (identifier) VALUES ('999')")
        #expect(throws: StoreError.corrupt("the store was written by a later version of Mintmark")) {
            try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        }
    }

    @Test func anotherProgramsFileIsRefused() async throws {
        let folder = temporaryFolder()
        await (try SQLiteStore.open(SQLiteStore.Configuration(path: folder))).close()
        try tamper(folder, "PRAGMA application_id = 1")
        #expect(throws: StoreError.corrupt("the file is not a Mintmark store")) {
            try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        }
    }
}
