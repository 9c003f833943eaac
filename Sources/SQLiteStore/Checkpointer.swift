import GRDBSQLite

/// Copies the write-ahead log into the database file before it grows long.
///
/// SQLite would do it inside the commit that crosses the mark, while callers wait. Here the writer does it between two
/// groups. A checkpoint waits for nobody: what a reader still looks at is left for the next one.
final class Checkpointer {
    /// The log is copied when it has so many pages: 8 MiB, some hundred commits. A page that many of them changed is written once.
    static let usualPages: Int32 = 2048

    /// To how many bytes the file of a log that grew longer is cut when the log starts over.
    ///
    /// A 64th more than must be in it to be copied: the commit that crosses the mark usually fits, so that most logs start over without a change
    /// of the file's length, and a full disk has room for that commit.
    static func bytesKept(copiedAt limit: Int32) -> Int64 {
        let (fileHeader, frame) = (32 as Int64, 24 + 4096 as Int64)
        return fileHeader + frame * Int64(limit + max(1, limit / 64))
    }

    /// Keeps the pointer valid.
    private let connection: Connection
    private let pointer: OpaquePointer
    /// The length of the log after the last commit: written by SQLite's hook, on the writer's thread.
    private let pages: UnsafeMutablePointer<Int32>
    private let limit: Int32

    /// The checkpointer of the connection that writes.
    init(_ connection: Connection, _ pointer: OpaquePointer, limit: Int32) {
        self.limit = limit
        self.connection = connection
        self.pointer = pointer
        pages = .allocate(capacity: 1)
        pages.initialize(to: 0)
        // Takes the place of SQLite's own automatic checkpoint.
        sqlite3_wal_hook(
            pointer,
            { context, _, _, pages in
                context?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, pages)
    }

    deinit {
        sqlite3_wal_hook(pointer, nil, nil)
        pages.deallocate()
    }

    /// Copies if the log is long enough. A failure loses nothing: the log stays and is copied later.
    ///
    /// A log that was not copied whole does not start over, so this is repeated after every commit until it was. That costs little: the next
    /// try copies only what came since, and where a reader of an old state keeps it from copying anything, it takes a few locks and no sync.
    func runIfDue() {
        guard pages.pointee >= limit else { return }
        sqlite3_wal_checkpoint_v2(pointer, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        pages.pointee = 0
    }

    /// Copies everything and empties the log; readers should be gone.
    func runToEnd() {
        sqlite3_wal_checkpoint_v2(pointer, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    }
}
