import GRDB
import GRDBSQLite
public import TokenCore

extension SQLiteStore {
    /// Copies the store of a folder into one file, also while a server is using it and from another process: the state of one moment.
    ///
    /// The copy holds what the folder holds and nothing of the seal file. It appears under its name when it is whole and synced.
    ///
    /// - Parameter file: made 0600; what has that name is replaced.
    /// - Throws: `.unavailable` when there is no store or no space; `.corrupt` when the store is damaged or not ours.
    public static func backup(folder: String, to file: String) throws(StoreError) {
        let source = folder + "/" + SQLiteStore.fileName
        guard SystemCalls.exists(source) else { throw .unavailable("there is no store in \(folder)") }
        let partial = file + ".partial"
        try SystemCalls.remove(partial)
        // SQLite fills an empty file, so its mode is ours before anything is in it, and nobody has put another in its place.
        try SystemCalls.makeNewFile(partial)
        let connection = try Connection(file: source, readOnly: true, pageCacheBytes: 8 << 20)
        try connection.setUp { database in
            try Schema.refuseStrangers(database)
            try database.execute(sql: "VACUUM INTO ?", arguments: [partial])
        }
        try SystemCalls.syncFile(partial)
        try SystemCalls.move(partial, to: file)
    }

    /// Puts a backup in place of the store of a folder.
    ///
    /// The backup is copied beside the store, checked and prepared there, and then takes the store's place in one step: after a crash the
    /// folder holds either the old store or the restored and prepared one.
    ///
    /// What is made belongs to whom the store in place, or else its folder, belongs to: root may restore for the user of the server.
    ///
    /// The numbers of events go on in a range of their own, so that none is used again that was given out after the backup was made.
    ///
    /// - Parameters:
    ///   - now: the clock of the restore, or when the store in place was last written if that is later; what the new range follows from.
    ///   - forgettingTime: whether `forgottenUpTo` begins anew: only if `prepare` ends everything that could come back.
    ///   - prepare: works on the restored store before it takes the place, for instance ends every session in it.
    /// - Throws: `.unavailable` when the folder is in use; `.corrupt` when the file is damaged, not ours or of a later version; what
    ///   `prepare` throws. The store is then as it was.
    public static func restore(
        file: String, to folder: String, at now: UnixTime, forgettingTime: Bool = false,
        preparing prepare: (SQLiteStore) async throws(StoreError) -> Void = { _ in }
    ) async throws(StoreError) {
        let target = folder + "/" + SQLiteStore.fileName
        let owner = FileOwner.heir(of: target)
        try SystemCalls.makeFolder(folder, for: owner)
        let lock = try FolderLock(folder: folder, owner: owner)
        defer { lock.release() }
        let staging = folder + "/restoring"
        try SystemCalls.removeFolder(staging)
        try SystemCalls.makeFolder(staging, for: owner)
        let copy = staging + "/" + SQLiteStore.fileName
        try SystemCalls.copy(file, to: copy)
        let partitions = try checkedPartitions(of: copy)
        try renumberEvents(of: copy, now: now)
        if forgettingTime { try Forgotten.begin(anew: copy) }
        let restored = try open(Configuration(path: staging, partitions: partitions, readers: 1))
        do {
            try await prepare(restored)
        } catch {
            await restored.close()
            throw error
        }
        await restored.close()
        guard !SystemCalls.exists(copy + "-wal") else { throw .unavailable("the restored store could not be written to its end") }
        try SystemCalls.give(copy, to: owner)
        try SystemCalls.syncFile(copy)
        try removeLog(of: target)
        try SystemCalls.move(copy, to: target)
        try SystemCalls.removeFolder(staging)
    }

    /// Reads every page of a file and tells with how many partitions it was made.
    private static func checkedPartitions(of file: String) throws(StoreError) -> Int {
        let connection = try Connection(file: file, readOnly: false, pageCacheBytes: 8 << 20)
        return try connection.setUp { database in
            try Schema.refuseStrangers(database)
            let verdict = try String.fetchOne(database, sql: "PRAGMA integrity_check") ?? ""
            guard verdict == "ok" else { throw StoreError.corrupt("the backup is damaged: \(verdict)") }
            let partitions = try Int.fetchOne(database, sql: "SELECT value FROM fact WHERE name = 'partitions'") ?? 0
            guard (1...Partition.most).contains(partitions), partitions.nonzeroBitCount == 1 else {
                throw StoreError.corrupt("the backup does not tell its partitions")
            }
            return partitions
        }
    }

    /// Moves the numbers of events past every one that the store can have given out: it writes far fewer than 1,024 events a millisecond, so that
    /// the time counted in such parts is beyond them, and still exact for a reader that takes numbers for doubles (until the year 2248).
    ///
    /// What waits in the backup may have been delivered since. It is moved as well: the numbers of what waits are dense.
    private static func renumberEvents(of file: String, now: UnixTime) throws(StoreError) {
        let connection = try Connection(file: file, readOnly: false, pageCacheBytes: 8 << 20)
        try connection.setUp { database in
            let trimmed = try Int64.fetchOne(database, sql: "SELECT value FROM fact WHERE name = 'outbox_trimmed'") ?? 0
            let next = try Int64.fetchOne(database, sql: "SELECT min(number) FROM outbox") ?? trimmed + 1
            let shift = now.milliseconds * 1024 - next
            guard shift > 0 else { return }
            try database.inTransaction {
                try database.execute(sql: "UPDATE outbox SET number = number + ?", arguments: [shift])
                try database.execute(
                    sql: "INSERT INTO fact (name, value) VALUES ('outbox_trimmed', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                    arguments: [next + shift - 1])
                return .commit
            }
        }
    }

    /// Brings the log of the old store into its file and removes it: beside the new file it would be taken for that file's own.
    ///
    /// - Throws: `.unavailable` when the log cannot be brought in: removed then, it would be missing in the old store if the new one did not
    ///   take its place. An old store that is damaged has nothing to lose.
    private static func removeLog(of file: String) throws(StoreError) {
        if SystemCalls.exists(file), SystemCalls.exists(file + "-wal") {
            do { try bringIn(logOf: file) } catch .corrupt {
            } catch {
                throw .unavailable(
                    "the log of the store in place could not be brought into its file (\(error)); to give both up, move \(file) and \(file)-wal away")
            }
        }
        try SystemCalls.remove(file + "-wal")
        try SystemCalls.remove(file + "-shm")
    }

    private static func bringIn(logOf file: String) throws(StoreError) {
        let connection = try Connection(file: file, readOnly: false, pageCacheBytes: 1 << 20)
        // The pointer lives as long as its connection does.
        let failure = withExtendedLifetime(connection) {
            let pointer = connection.takeOver()
            return sqlite3_wal_checkpoint_v2(pointer, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil) == SQLITE_OK ? nil : SQLiteFailure(of: pointer)
        }
        if let failure { throw StoreError(failure) }
    }
}
