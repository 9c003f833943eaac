import GRDBSQLite

/// Copies the write-ahead log into the database file before it grows long.
///
/// SQLite would do it inside the commit that crosses the mark, while callers wait. Here the writer does it between two
/// groups. A checkpoint waits for nobody: what a reader still looks at is left for the next one.
final class Checkpointer {
    /// The log is copied when it has so many pages: 8 MiB, some hundred commits. A page that many of them changed is written once.
    static let usualPages: Int32 = 2048

    /// Keeps the pointer valid.
    private let connection: Connection
    private let pointer: OpaquePointer
    /// The length of the log after the last commit: written by SQLite's hook, on the writer's thread.
    private let pages: UnsafeMutablePointer<Int32>
    private let limit: Int32
    private var dueAt: Int32

    /// The checkpointer of the connection that writes.
    init(_ connection: Connection, _ pointer: OpaquePointer, limit: Int32) {
        self.limit = limit
        dueAt = limit
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
    func runIfDue() {
        guard pages.pointee >= dueAt else { return }
        var (inLog, copied): (Int32, Int32) = (0, 0)
        sqlite3_wal_checkpoint_v2(pointer, nil, SQLITE_CHECKPOINT_PASSIVE, &inLog, &copied)
        // Copied whole, the log starts again from its beginning. If not, it is soon tried again, but not after every commit.
        dueAt = inLog == copied ? limit : inLog + limit / 8
        pages.pointee = 0
    }

    /// Copies everything and empties the log; readers should be gone.
    func runToEnd() {
        sqlite3_wal_checkpoint_v2(pointer, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    }
}
