import GRDBSQLite
import TokenCore

/// Removes records past their expiry.
///
/// `due_at` is when a row was last thought to expire. A row that is due and has been given more time since is filed under its
/// new time; so a session that is refreshed every few minutes is filed again only once per lifetime.
final class Sweeper {
    /// How many rows one transaction looks at: a few milliseconds of work, so that nobody's commit waits longer behind it.
    static let piece = 1024

    private struct Due {
        let kind: Int64
        let partition: Int64
        let id: [UInt8]
        let expiresAt: Int64
    }

    private let due, delete, file: Statement
    private let forgotten: Forgotten

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        due = try Statement(
            "SELECT kind, partition, id, expires_at FROM record WHERE due_at <= ? ORDER BY due_at LIMIT ?", on: connection)
        delete = try Statement("DELETE FROM record WHERE kind = ? AND partition = ? AND id = ?", on: connection)
        forgotten = try Forgotten(connection)
        file = try Statement("UPDATE record SET due_at = expires_at WHERE kind = ? AND partition = ? AND id = ?", on: connection)
    }

    /// Looks at rows that are due, at most `limit` and at most a piece, and removes those that have expired.
    ///
    /// - Returns: how many were removed, and whether more may be due.
    func sweep(now: UnixTime, limit: Int) throws(SQLiteFailure) -> Outcome {
        let most = min(limit, Self.piece)
        var rows: [Due] = []
        try due.each { bindings in
            bindings.add(now.milliseconds)
            bindings.add(most)
        } read: { row in
            rows.append(Due(kind: row.integer(0), partition: row.integer(1), id: row.bytes(2), expiresAt: row.integer(3)))
        }
        var removed = 0
        try forgotten.note(rows.map(\.expiresAt).filter { $0 <= now.milliseconds }.max())
        for row in rows {
            let isOver = row.expiresAt <= now.milliseconds
            try (isOver ? delete : file).run { bindings in
                bindings.add(row.kind)
                bindings.add(row.partition)
                bindings.add(row.id)
            }
            if isOver { removed += 1 }
        }
        return Outcome(count: removed, hasMore: rows.count == most)
    }
}

/// Finds out whether the file can grow and be written.
final class Probe {
    private let insert, delete: Statement

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        // Two pages long, so that it needs space of its own.
        insert = try Statement("INSERT OR REPLACE INTO probe (number, filler) VALUES (1, zeroblob(8192))", on: connection)
        delete = try Statement("DELETE FROM probe", on: connection)
    }

    /// Leaves the tables as they were.
    func writeAndTakeBack() throws(SQLiteFailure) {
        try insert.run()
        try delete.run()
    }
}
