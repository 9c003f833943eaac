import GRDB
import GRDBSQLite
import TokenCore

/// One connection to the file: opened, set up and closed by GRDB; between those used through its pointer by one thread at a time.
///
/// GRDB serializes every access through a dispatch queue, which costs as much as the statement itself; our own callers are serialized
/// already, readers by a mutex and the writer by being one.
final class Connection {
    /// SQLite's connection, valid as long as this is.
    private let pointer: OpaquePointer
    private let queue: DatabaseQueue

    /// Opens the file.
    ///
    /// - Parameters:
    ///   - pageCacheBytes: the most that the connection keeps of the file in memory.
    ///   - pragmas: run first.
    init(file: String, readOnly: Bool, pageCacheBytes: Int, pragmas: [String] = []) throws(StoreError) {
        var configuration = GRDB.Configuration()
        configuration.readonly = readOnly
        configuration.foreignKeysEnabled = false
        // Writers wait only for a stranger's lock (a person with a shell), readers only for the recovery after a crash.
        configuration.busyMode = .timeout(2)
        let pragmas = ["PRAGMA cache_size = -\(pageCacheBytes / 1024)"] + pragmas
        configuration.prepareDatabase { database in
            for pragma in pragmas { try database.execute(sql: pragma) }
        }
        let opened = Result { try DatabaseQueue(path: file, configuration: configuration) }.mapError { StoreError($0) }
        queue = try opened.get()
        guard let pointer = queue.unsafeReentrantRead({ $0.sqliteConnection }) else { throw .unavailable("the connection is closed") }
        self.pointer = pointer
    }

    /// Runs something rare through GRDB, without a transaction of its own.
    func setUp<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        do { return try queue.inDatabase(body) } catch { throw StoreError(error) }
    }

    /// Runs the migrations that the file has not seen.
    func migrate(_ migrator: DatabaseMigrator) throws(StoreError) {
        do { try migrator.migrate(queue) } catch { throw StoreError(error) }
    }

    /// The connection for our own statements. From here on GRDB only closes it, so its hooks, which watch statements that
    /// it compiled itself, are taken out.
    func takeOver() -> OpaquePointer {
        sqlite3_commit_hook(pointer, nil, nil)
        sqlite3_rollback_hook(pointer, nil, nil)
        sqlite3_set_authorizer(pointer, nil, nil)
        return pointer
    }
}

extension StoreError {
    /// What a failure outside a commit's last step means to the caller.
    init(_ failure: SQLiteFailure) {
        switch failure.primary {
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt(failure.message)
        default: self = .unavailable(failure.message)
        }
    }

    /// The same for what GRDB throws.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode):
            self = .corrupt(error.message ?? "the file is damaged")
        default: self = .unavailable("\(error)")
        }
    }
}
