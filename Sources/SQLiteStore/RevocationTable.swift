import GRDBSQLite
import TokenCore

/// The revocation logs as the writer changes them.
final class RevocationTable {
    /// The last number of each partition, as of the transaction under way. Whoever rolls back sets it back.
    var heads: [UInt16: UInt64] = [:]
    private var turn = 0

    private let insert, setHead, first, delete: Statement
    private let forgotten: Forgotten

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        insert = try Statement("INSERT INTO revocation (partition, number, expires_at, body) VALUES (?, ?, ?, ?)", on: connection)
        setHead = try Statement(
            "INSERT INTO revocation_head (partition, number) VALUES (?, ?) ON CONFLICT DO UPDATE SET number = excluded.number", on: connection)
        first = try Statement("SELECT number, expires_at FROM revocation WHERE partition = ? ORDER BY number LIMIT ?", on: connection)
        delete = try Statement("DELETE FROM revocation WHERE partition = ? AND number <= ?", on: connection)
        forgotten = try Forgotten(connection)
        var found: [UInt16: UInt64] = [:]
        try Statement("SELECT partition, number FROM revocation_head", on: connection).each { row in
            found[UInt16(truncatingIfNeeded: row.integer(0))] = row.number(1)
        }
        heads = found
    }

    /// Appends entries under the next numbers.
    func append(_ entries: [RevocationEntry], in partition: Partition) throws(SQLiteFailure) {
        guard !entries.isEmpty else { return }
        var number = heads[partition.number] ?? 0
        for entry in entries {
            number += 1
            try insert.run { bindings in
                bindings.add(partition.number)
                bindings.add(number)
                bindings.add(entry.expiresAt.milliseconds)
                bindings.add(entry.encoded())
            }
        }
        heads[partition.number] = number
        try setHead.run { bindings in
            bindings.add(partition.number)
            bindings.add(number)
        }
    }

    /// Removes entries past their expiry from the front of every log, at most `limit`, in all at most a sweeper's piece.
    func sweep(now: UnixTime, limit: Int) throws(SQLiteFailure) -> Outcome {
        let most = min(limit, Sweeper.piece)
        var removed = 0
        for partition in heads.keys.sorted() where removed < most {
            removed += try sweep(partition, now: now, limit: most - removed)
        }
        return Outcome(count: removed, hasMore: removed == most)
    }

    /// The same for one partition, another one at every call.
    func sweepNextPartition(now: UnixTime, limit: Int) throws(SQLiteFailure) {
        guard !heads.isEmpty else { return }
        turn = (turn + 1) % heads.count
        _ = try sweep(heads.keys[heads.keys.index(heads.keys.startIndex, offsetBy: turn)], now: now, limit: limit)
    }

    /// An entry stays while an earlier one must, so that what is kept has no gap.
    private func sweep(_ partition: UInt16, now: UnixTime, limit: Int) throws(SQLiteFailure) -> Int {
        var due = 0
        var last: Int64 = 0
        var latest = Int64.min
        var isFront = true
        try first.each { bindings in
            bindings.add(partition)
            bindings.add(limit)
        } read: { row in
            isFront = isFront && row.integer(1) <= now.milliseconds
            if isFront { (due, last, latest) = (due + 1, row.integer(0), max(latest, row.integer(1))) }
        }
        guard due > 0 else { return 0 }
        try forgotten.note(latest)
        try delete.run { bindings in
            bindings.add(partition)
            bindings.add(last)
        }
        return due
    }
}
