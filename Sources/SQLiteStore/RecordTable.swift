import GRDBSQLite
import TokenCore

/// Records as the writer changes them: every condition of a batch is judged before anything of it is written, so that a conflict
/// costs a few look-ups, leaves nothing to undo and spoils nobody else's batch.
final class RecordTable {
    /// What is known of a record after it was judged.
    private enum Standing {
        /// Not there, or past its expiry: written whole.
        case absent
        /// There, and the write moves no entry of an index.
        case stays
        /// There, and listed under another index key or due earlier than it was.
        case moves
    }

    private let judge, insert, update, move, delete, touch: Statement
    private let forgotten: Forgotten

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        forgotten = try Forgotten(connection)
        let key = "kind = ? AND partition = ? AND id = ?"
        judge = try Statement("SELECT version, expires_at, due_at, index_key FROM record WHERE \(key)", on: connection)
        insert = try Statement(
            """
            INSERT OR REPLACE INTO record (kind, partition, id, version, expires_at, due_at, last_seen, retries, index_key, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, on: connection)
        let merge = "last_seen = max(last_seen, ?), retries = min(retries + ?, \(UInt32.max))"
        update = try Statement("UPDATE record SET version = ?, expires_at = ?, \(merge), body = ? WHERE \(key)", on: connection)
        move = try Statement(
            "UPDATE record SET version = ?, expires_at = ?, \(merge), body = ?, due_at = min(due_at, ?), index_key = ? WHERE \(key)",
            on: connection)
        delete = try Statement("DELETE FROM record WHERE \(key)", on: connection)
        touch = try Statement(
            "UPDATE record SET \(merge), expires_at = max(expires_at, ?) WHERE \(key) AND expires_at > ?", on: connection)
    }

    /// Writes the records of a batch if all its conditions hold.
    ///
    /// - Returns: whether they did; nothing was written if not.
    func apply(_ batch: WriteBatch) throws(SQLiteFailure) -> Bool {
        var standings: [Standing] = []
        standings.reserveCapacity(batch.writes.count)
        var outlived: Int64?
        for write in batch.writes {
            guard let standing = try standing(for: write, now: batch.now, &outlived) else { return false }
            standings.append(standing)
        }
        try forgotten.note(outlived)
        for (write, standing) in zip(batch.writes, standings) { try apply(write, standing, now: batch.now) }
        return true
    }

    /// How the record of a write stands; nil when it is not at the expected version.
    ///
    /// - Parameter outlived: raised to the expiry of one that is there and counts as absent, since what is written relies on that.
    private func standing(for write: Write, now: UnixTime, _ outlived: inout Int64?) throws(SQLiteFailure) -> Standing? {
        let expected: Version
        var successor: StoredRecord?
        switch write {
        case .put(let record, let version): (expected, successor) = (version, record)
        case .remove(_, let version), .expect(_, let version): expected = version
        case .touch: return .stays
        }
        var expiry: Int64?
        let found = try judge.first {
            $0.add(write.key)
        } read: { row -> (version: Version, standing: Standing)? in
            guard row.integer(1) > now.milliseconds else {
                expiry = row.integer(1)
                return nil
            }
            let moves = successor.map { $0.expiresAt.milliseconds < row.integer(2) || !row.holds($0.indexKey, 3) } ?? false
            return (Version(row.number(0)), moves ? .moves : .stays)
        }
        if let expiry { outlived = max(outlived ?? expiry, expiry) }
        guard let live = found ?? nil else { return expected == .absent ? .absent : nil }
        return live.version == expected ? live.standing : nil
    }

    private func apply(_ write: Write, _ standing: Standing, now: UnixTime) throws(SQLiteFailure) {
        switch write {
        case .put(let record, let version): try put(record, version.next, standing)
        case .remove(let key, _): try delete.run { $0.add(key) }
        case .expect: break
        case .touch(let key, let activity, let end):
            try touch.run { bindings in
                bindings.add(activity)
                bindings.add(end?.milliseconds ?? .min)
                bindings.add(key)
                bindings.add(now.milliseconds)
            }
        }
    }

    private func put(_ record: StoredRecord, _ version: Version, _ standing: Standing) throws(SQLiteFailure) {
        if case .absent = standing { return try putWhole(record, version) }
        var moves = false
        if case .moves = standing { moves = true }
        try (moves ? move : update).run { bindings in
            bindings.add(version.number)
            bindings.add(record.expiresAt.milliseconds)
            bindings.add(record.activity)
            bindings.add(record.body)
            if moves {
                bindings.add(record.expiresAt.milliseconds)
                bindings.add(record.indexKey)
            }
            bindings.add(record.key)
        }
    }

    private func putWhole(_ record: StoredRecord, _ version: Version) throws(SQLiteFailure) {
        try insert.run { bindings in
            bindings.add(record.key)
            bindings.add(version.number)
            bindings.add(record.expiresAt.milliseconds)
            bindings.add(record.expiresAt.milliseconds)
            bindings.add(record.activity)
            bindings.add(record.indexKey)
            bindings.add(record.body)
        }
    }
}

extension Bindings {
    /// The next two are the time and the count of an activity.
    fileprivate mutating func add(_ activity: Activity) {
        add(activity.lastSeen.milliseconds)
        add(activity.retries)
    }
}
