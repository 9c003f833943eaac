import GRDBSQLite
import TokenCore

/// The outbox as the writer changes it.
final class Outbox {
    /// The newest event's number and the running total of bytes, as of the transaction under way. Whoever rolls back sets it back.
    struct End {
        var number: UInt64
        var total: Int64
    }

    /// How many events one transaction removes at most: some milliseconds of work, so that nobody's commit waits longer behind it.
    static let piece = 2048

    var end: End
    private let insert, first, delete, remember: Statement

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        insert = try Statement("INSERT INTO outbox (number, total, body) VALUES (?, ?, ?)", on: connection)
        first = try Statement("SELECT number FROM outbox ORDER BY number LIMIT 1", on: connection)
        delete = try Statement("DELETE FROM outbox WHERE number <= ?", on: connection)
        // Numbers go on from here when the outbox is empty: none is used twice.
        remember = try Statement(
            """
            INSERT INTO fact (name, value) VALUES ('outbox_trimmed', ?)
            ON CONFLICT DO UPDATE SET value = max(value, excluded.value)
            """, on: connection)
        let trimmed = try Statement("SELECT value FROM fact WHERE name = 'outbox_trimmed'", on: connection).first { $0.number(0) }
        let last = try Statement("SELECT number, total FROM outbox ORDER BY number DESC LIMIT 1", on: connection).first { row in
            End(number: row.number(0), total: row.integer(1))
        }
        end = last ?? End(number: trimmed ?? 0, total: 0)
    }

    /// Appends events under the next numbers.
    func append(_ events: [Event]) throws(SQLiteFailure) {
        for event in events {
            let body = event.encoded()
            let next = End(number: end.number + 1, total: end.total + Int64(body.count))
            try insert.run { bindings in
                bindings.add(next.number)
                bindings.add(next.total)
                bindings.add(body)
            }
            end = next
        }
    }

    /// Removes events up to and including a number, in order, at most a piece of them.
    func trim(through number: UInt64) throws(SQLiteFailure) -> Outcome {
        guard let start = try first.first(read: { $0.number(0) }), start <= number else { return Outcome() }
        let wanted = min(number, end.number)
        let last = min(wanted, start + UInt64(Self.piece) - 1)
        try delete.run { $0.add(last) }
        try remember.run { $0.add(last) }
        return Outcome(count: Int(last - start) + 1, hasMore: last < wanted)
    }
}
