import TestSupport
import Testing
import TokenCore

@testable import SQLiteStore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Backup while the store is at work, and back.
@Suite struct BackupTests {
    @Test func aBackupIsTheStoreOfOneMoment() async throws {
        let folder = temporaryFolder()
        let file = folder + ".backup"
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        for number in 0..<100 { try await store.commit(Sample.insert(number)) }
        // Writers go on while the copy is made.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 1...4 {
                group.addTask { for number in 0..<50 { try await store.commit(Sample.insert(writer * 1000 + number)) } }
            }
            group.addTask { try SQLiteStore.backup(folder: folder, to: file) }
            try await group.waitForAll()
        }
        #expect(mode(file) == 0o600)
        #expect(!SystemCalls.exists(file + ".partial"))
        await store.close()
        let target = temporaryFolder()
        try await SQLiteStore.restore(file: file, to: target, at: Sample.now)
        let restored = try SQLiteStore.open(SQLiteStore.Configuration(path: target))
        #expect(try await restored.load((0..<100).map(Sample.key), now: Sample.now).allSatisfy { $0 != nil })
        let records = try await restored.find(RecordQuery(partition: Sample.partition, kind: .family, limit: 1000), now: Sample.now).count
        #expect(try await restored.backlog().count == records, "records and events are not of one moment")
        await restored.close()
    }

    @Test func aStoreThatNobodyHasOpenIsBackedUpToo() async throws {
        let folder = try await closedStore(with: 3)
        try SQLiteStore.backup(folder: folder, to: folder + ".backup")
        try await SQLiteStore.restore(file: folder + ".backup", to: folder, at: Sample.now)
        #expect(try await countRecords(folder) == 3)
    }

    @Test func aRestoreTakesBackWhatWasWrittenAfterTheBackup() async throws {
        let folder = try await closedStore(with: 3)
        try SQLiteStore.backup(folder: folder, to: folder + ".backup")
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        try await store.commit(Sample.insert(77))
        await #expect(throws: StoreError.unavailable("the folder \(folder) is in use by another store")) {
            try await SQLiteStore.restore(file: folder + ".backup", to: folder, at: Sample.now)
        }
        await store.close()
        try await SQLiteStore.restore(file: folder + ".backup", to: folder, at: Sample.now)
        #expect(try await countRecords(folder) == 3)
        #expect(mode(folder + "/mintmark.db") == 0o600)
        #expect(!SystemCalls.exists(folder + "/restoring"))
    }

    /// As after a crash: the log of the old store must not be replayed into the new one.
    @Test func theOldStoresLogIsGone() async throws {
        let folder = try await closedStore(with: 3)
        try SQLiteStore.backup(folder: folder, to: folder + ".backup")
        let crashed = try await crashedCopy(of: folder)
        try await SQLiteStore.restore(file: folder + ".backup", to: crashed, at: Sample.now)
        #expect(try await countRecords(crashed) == 3)
    }

    /// Whoever reads events tells a repeated delivery from a new event by the number.
    @Test func aRestoreUsesNoEventNumberAgain() async throws {
        let folder = try await closedStore(with: 4)
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        try await store.trimEvents(through: 2)
        try SQLiteStore.backup(folder: folder, to: folder + ".backup")
        for number in 10..<20 { try await store.commit(Sample.insert(number)) }
        var used = try await store.events(after: 0, limit: 100).map(\.number)
        await store.close()
        // Twice from one backup, which leaves two events waiting, and onto a machine that has nothing of the old one.
        for (days, target) in [(0, folder), (1, folder), (2, temporaryFolder())] {
            let now = Sample.now + .seconds(days * 86_400)
            try await SQLiteStore.restore(file: folder + ".backup", to: target, at: now) { (store) throws(StoreError) in
                try await store.commit(Sample.insert(99))
            }
            let restored = try SQLiteStore.open(SQLiteStore.Configuration(path: target))
            try await restored.commit(Sample.insert(100))
            let events = try await restored.events(after: 0, limit: 100)
            #expect(events.map(\.event.subject) == ["2", "3", "99", "100"])
            let numbers = events.map(\.number)
            #expect(numbers == Array(numbers[0]...numbers[0] + 3), "dense")
            #expect(numbers[0] > used.max() ?? 0 && numbers[3] < 1 << 53)
            #expect(try await restored.backlog().count == 4)
            try await restored.trimEvents(through: numbers[3])
            try await restored.commit(Sample.insert(101))
            #expect(try await restored.events(after: 0, limit: 100).map(\.number) == [numbers[3] + 1])
            used += numbers
            await restored.close()
        }
        // With nothing waiting in the backup as well.
        let empty = try await closedStore(with: 0)
        try SQLiteStore.backup(folder: empty, to: empty + ".backup")
        try await SQLiteStore.restore(file: empty + ".backup", to: empty, at: Sample.now)
        let restored = try SQLiteStore.open(SQLiteStore.Configuration(path: empty))
        try await restored.commit(Sample.insert(0))
        #expect(try await restored.events(after: 0, limit: 1).map(\.number) == [UInt64(Sample.now.milliseconds) * 1024])
        await restored.close()
    }

    /// While somebody reads the old store its log cannot be brought in: without it, and without the new store in place, commits would be lost.
    @Test func aLogThatCannotBeBroughtInIsNotRemoved() async throws {
        let folder = try await closedStore(with: 3)
        try SQLiteStore.backup(folder: folder, to: folder + ".backup")
        let crashed = try await crashedCopy(of: folder)
        let stranger = try Connection(file: crashed + "/mintmark.db", readOnly: false, pageCacheBytes: 1 << 20)
        let pointer = stranger.takeOver()
        try Statement("BEGIN", on: pointer).run()
        _ = try Statement("SELECT count(*) FROM record", on: pointer).first { $0.integer(0) }
        await #expect(throws: StoreError.self) { try await SQLiteStore.restore(file: folder + ".backup", to: crashed, at: Sample.now) }
        #expect(SystemCalls.exists(crashed + "/mintmark.db-wal"))
        try Statement("COMMIT", on: pointer).run()
        #expect(try await countRecords(crashed) == 43)
    }

    @Test func theFileOfABackupIsItsOwn() throws {
        let folder = temporaryFolder()
        try SystemCalls.makeFolder(folder)
        let elsewhere = folder + "/elsewhere"
        #expect(symlink(elsewhere, folder + "/link") == 0)
        #expect(throws: StoreError.self) { try SystemCalls.makeNewFile(folder + "/link") }
        #expect(!SystemCalls.exists(elsewhere))
        try SystemCalls.makeNewFile(elsewhere)
        #expect(mode(elsewhere) == 0o600)
        #expect(throws: StoreError.self) { try SystemCalls.makeNewFile(elsewhere) }
    }

    /// What a clock that was ahead removed is not forgotten to have been there, until everything that could come back is ended.
    @Test func whatWasRemovedIsRememberedAsATime() async throws {
        let folder = temporaryFolder()
        let ends = [Sample.now + .seconds(3600), Sample.now + .seconds(7200), Sample.now + .seconds(9000)]
        var store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        #expect(store.forgottenUpTo == .epoch)
        try await store.commit(Sample.insert(1, expiresAt: ends[0]))
        var batch = WriteBatch(partition: Sample.partition, now: Sample.now)
        batch.revocations = [RevocationEntry(.everything(upTo: Sample.now), expiresAt: ends[1])]
        try await store.commit(batch)
        try await store.commit(Sample.insert(2, expiresAt: ends[2]))
        for (index, end) in ends.enumerated() {
            if index < 2 { _ = try await store.sweep(now: end + .seconds(60), limit: 100) }
            // The last one is not swept: another takes its place.
            if index == 2 {
                try await store.commit(
                    WriteBatch(partition: Sample.partition, now: end + .seconds(60), writes: [.put(Sample.record(2), expecting: .absent)]))
            }
            await store.close()
            store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
            #expect(store.forgottenUpTo >= end && store.forgottenUpTo <= end + .seconds(1), "step \(index)")
        }
        await store.close()
        try SQLiteStore.backup(folder: folder, to: folder + ".backup")
        for (forgets, expected) in [(false, store.forgottenUpTo), (true, .epoch)] {
            try await SQLiteStore.restore(file: folder + ".backup", to: folder, at: Sample.now, forgettingTime: forgets)
            store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
            #expect(store.forgottenUpTo == expected)
            await store.close()
        }
    }

    @Test func whatPreparesTheRestoredStoreIsPartOfTheRestore() async throws {
        let folder = try await closedStore(with: 3)
        try SQLiteStore.backup(folder: folder, to: folder + ".backup")
        let target = try await closedStore(with: 5)
        await #expect(throws: StoreError.conflict) {
            try await SQLiteStore.restore(file: folder + ".backup", to: target, at: Sample.now) { (store) throws(StoreError) in
                try await store.commit(Sample.insert(0))
            }
        }
        #expect(try await countRecords(target) == 5)
        try await SQLiteStore.restore(file: folder + ".backup", to: target, at: Sample.now) { (store) throws(StoreError) in
            try await store.commit(Sample.insert(99))
        }
        #expect(try await countRecords(target) == 4)
    }

    @Test func whatIsNoBackupIsRefusedAndTheStoreStays() async throws {
        let folder = try await closedStore(with: 5)
        let file = folder + ".backup"
        try SQLiteStore.backup(folder: folder, to: file)
        let damages: [(String) throws -> Void] = [
            { try overwrite($0, at: 0, with: Array("This is no database at all.".utf8)) },
            { try overwrite($0, at: 4096 + 8, with: [UInt8](repeating: 0x5a, count: 6000)) },
            { #expect(truncate($0, 5000) == 0) },
        ]
        for (index, damage) in damages.enumerated() {
            let damaged = "\(file).\(index)"
            try SystemCalls.copy(file, to: damaged)
            try damage(damaged)
            await #expect(throws: StoreError.self, "damage \(index)") { try await SQLiteStore.restore(file: damaged, to: folder, at: Sample.now) }
            #expect(try await countRecords(folder) == 5)
        }
        #expect(throws: StoreError.self) { try SQLiteStore.backup(folder: temporaryFolder(), to: file) }
    }

    private func closedStore(with count: Int) async throws -> String {
        let folder = temporaryFolder()
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        for number in 0..<count { try await store.commit(Sample.insert(number)) }
        await store.close()
        return folder
    }

    /// What a store that goes on with forty commits would leave if its process were killed: most of them in the log alone.
    private func crashedCopy(of folder: String) async throws -> String {
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        for number in 100..<140 { try await store.commit(Sample.insert(number)) }
        let crashed = temporaryFolder()
        try SystemCalls.makeFolder(crashed)
        for name in ["mintmark.db", "mintmark.db-wal"] { try SystemCalls.copy(folder + "/" + name, to: crashed + "/" + name) }
        await store.close()
        return crashed
    }

    private func countRecords(_ folder: String) async throws -> Int {
        let store = try SQLiteStore.open(SQLiteStore.Configuration(path: folder))
        let found = try await store.find(RecordQuery(partition: Sample.partition, kind: .family, limit: 1000), now: Sample.now)
        await store.close()
        return found.count
    }
}

private func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
    let descriptor = open(path, O_WRONLY)
    defer { close(descriptor) }
    #expect(pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count)
}
