import TokenCore

/// One read-only connection with its statements.
final class Reader {
    let connection: Connection
    private let begin, end, load, findAll, findIndexed, heads, revocations, events, firstEvent, lastEvent, count, pools: Statement

    /// Opens one more connection to a file that the writer has open.
    init(file: String, pageCacheBytes: Int) throws(StoreError) {
        connection = try Connection(file: file, readOnly: true, pageCacheBytes: pageCacheBytes)
        let pointer = connection.takeOver()
        do {
            begin = try Statement("BEGIN", on: pointer)
            end = try Statement("COMMIT", on: pointer)
            load = try Statement(
                "SELECT \(Self.columns) FROM record WHERE kind = ? AND partition = ? AND id = ? AND expires_at > ?", on: pointer)
            findAll = try Statement(
                "SELECT \(Self.columns), id FROM record WHERE kind = ? AND partition = ? AND id > ? AND expires_at > ? ORDER BY id LIMIT ?",
                on: pointer)
            findIndexed = try Statement(
                """
                SELECT \(Self.columns), id FROM record
                WHERE kind = ? AND partition = ? AND index_key = ? AND id > ? AND expires_at > ? ORDER BY id LIMIT ?
                """, on: pointer)
            heads = try Statement("SELECT partition, number FROM revocation_head", on: pointer)
            revocations = try Statement(
                "SELECT number, body FROM revocation WHERE partition = ? AND number > ? ORDER BY number LIMIT ?", on: pointer)
            events = try Statement("SELECT number, body FROM outbox WHERE number > ? ORDER BY number LIMIT ?", on: pointer)
            firstEvent = try Statement("SELECT number, total, body FROM outbox ORDER BY number LIMIT 1", on: pointer)
            lastEvent = try Statement("SELECT number, total FROM outbox ORDER BY number DESC LIMIT 1", on: pointer)
            pools = try Statement("SELECT name FROM pool WHERE name > ? ORDER BY name LIMIT ?", on: pointer)
            count = try Statement("SELECT count(*) FROM record INDEXED BY record_by_index_key WHERE kind = ? AND index_key IS NOT NULL", on: pointer)
        } catch {
            throw StoreError(error)
        }
    }

    /// How many records of a kind are listed by an index key, expired ones included: a scan of an index, some 50 ns a record.
    func countListed(of kind: RecordKind) throws(SQLiteFailure) -> Int {
        let number = try count.first {
            $0.add(Int64(kind.rawValue))
        } read: {
            Int($0.integer(0))
        }
        return number ?? 0
    }

    private static let columns = "version, expires_at, last_seen, retries, index_key, body"

    /// The records of these keys, all of one moment.
    func load(_ keys: [RecordKey], now: UnixTime) throws(SQLiteFailure) -> [StoredRecord?] {
        if keys.count == 1 { return [try load(keys[0], now: now)] }
        return try snapshot { () throws(SQLiteFailure) in
            var records: [StoredRecord?] = []
            records.reserveCapacity(keys.count)
            for key in keys { records.append(try load(key, now: now)) }
            return records
        }
    }

    private func load(_ key: RecordKey, now: UnixTime) throws(SQLiteFailure) -> StoredRecord? {
        try load.first { bindings in
            bindings.add(key)
            bindings.add(now.milliseconds)
        } read: { row in
            StoredRecord(row, key: key)
        }
    }

    /// The records that a query asks for.
    func find(_ query: RecordQuery, now: UnixTime) throws(SQLiteFailure) -> [StoredRecord] {
        var records: [StoredRecord] = []
        try (query.indexKey == nil ? findAll : findIndexed).each { bindings in
            bindings.add(query.kind.rawValue)
            bindings.add(query.partition.number)
            if let indexKey = query.indexKey { bindings.add(indexKey) }
            // An integer is less than every blob (SQLite's sort order), the empty one included.
            if let after = query.after { bindings.add(after) } else { bindings.add(0) }
            bindings.add(now.milliseconds)
            bindings.add(query.limit)
        } read: { row in
            records.append(StoredRecord(row, key: RecordKey(partition: query.partition, kind: query.kind, id: row.bytes(6))))
        }
        return records
    }

    /// The last number of each partition that has one.
    func revocationHeads() throws(SQLiteFailure) -> [Partition: UInt64] {
        var found: [Partition: UInt64] = [:]
        try heads.each { row in
            if let partition = Partition(number: UInt16(truncatingIfNeeded: row.integer(0))) { found[partition] = row.number(1) }
        }
        return found
    }

    /// Revocations as stored, with their numbers.
    func revocations(in partition: Partition, after number: UInt64, limit: Int) throws(SQLiteFailure) -> [(UInt64, [UInt8])] {
        var found: [(UInt64, [UInt8])] = []
        try revocations.each { bindings in
            bindings.add(partition.number)
            bindings.add(Int64(clamping: number))
            bindings.add(limit)
        } read: { row in
            found.append((row.number(0), row.bytes(1)))
        }
        return found
    }

    /// Events as stored, with their numbers.
    func events(after number: UInt64, limit: Int) throws(SQLiteFailure) -> [(UInt64, [UInt8])] {
        var found: [(UInt64, [UInt8])] = []
        try events.each { bindings in
            bindings.add(Int64(clamping: number))
            bindings.add(limit)
        } read: { row in
            found.append((row.number(0), row.bytes(1)))
        }
        return found
    }

    /// The names of pools, in their order. Those of parts are no names of pools; they come after all others.
    func pools(after: PoolName?, limit: Int) throws(SQLiteFailure) -> [PoolName] {
        var names: [PoolName] = []
        try pools.each { bindings in
            bindings.add(after.map { Array($0.text.utf8) } ?? [])
            bindings.add(limit)
        } read: { row in
            if let name = PoolName(String(decoding: row.bytes(0), as: UTF8.self)) { names.append(name) }
        }
        return names
    }

    /// The number of the last event that waits; nil when none does.
    func lastEventNumber() throws(SQLiteFailure) -> UInt64? { try lastEvent.first { $0.number(0) } }

    /// How many events wait, their bytes, and the oldest as stored; nil when none waits.
    func backlog() throws(SQLiteFailure) -> (count: Int, bytes: Int, oldest: [UInt8])? {
        try snapshot { () throws(SQLiteFailure) in
            guard
                let first = try firstEvent.first(read: { ($0.integer(0), $0.integer(1), $0.bytes(2)) }),
                let last = try lastEvent.first(read: { ($0.integer(0), $0.integer(1)) })
            else { return nil }
            return (Int(last.0 - first.0) + 1, Int(last.1 - first.1) + first.2.count, first.2)
        }
    }

    /// Several statements on one state of the file.
    private func snapshot<T>(_ body: () throws(SQLiteFailure) -> T) throws(SQLiteFailure) -> T {
        try begin.run()
        do {
            let value = try body()
            try end.run()
            return value
        } catch {
            try? end.run()
            throw error
        }
    }
}

extension Bindings {
    /// The next three are the kind, partition and id of a record.
    mutating func add(_ key: RecordKey) {
        add(key.kind.rawValue)
        add(key.partition.number)
        add(key.id)
    }
}

extension Row {
    /// A count that never was negative.
    func number(_ column: Int32) -> UInt64 { UInt64(bitPattern: integer(column)) }
}

extension StoredRecord {
    /// A record from `Reader.columns`.
    fileprivate init(_ row: Row, key: RecordKey) {
        self.init(
            key: key, version: Version(row.number(0)), body: row.bytes(5), indexKey: row.optionalBytes(4),
            expiresAt: UnixTime(milliseconds: row.integer(1)),
            activity: Activity(lastSeen: UnixTime(milliseconds: row.integer(2)), retries: UInt32(truncatingIfNeeded: row.integer(3))))
    }
}
