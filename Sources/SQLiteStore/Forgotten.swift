import GRDB
import TokenCore

/// Up to when the store has forgotten: the latest expiry of anything that was removed because its time had come, to the next whole second.
///
/// It is written in the transaction that removes, so a store that is opened by a clock before it knows that something is missing which that clock
/// would still need: a revocation, above all.
final class Forgotten {
    private static let fact = "forgotten_up_to"
    private let note: Statement

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        // Touches the page only when the time moves: about once a second at most.
        note = try Statement(
            """
            INSERT INTO fact (name, value) VALUES ('\(Self.fact)', ?)
            ON CONFLICT DO UPDATE SET value = excluded.value WHERE value < excluded.value
            """, on: connection)
    }

    /// Something that expired then, in milliseconds, is removed in this transaction; nil for nothing.
    func note(_ expiry: Int64?) throws(SQLiteFailure) {
        guard let expiry else { return }
        let (second, overflow) = (expiry / 1000).addingReportingOverflow(1)
        try note.run { $0.add(overflow ? expiry : second * 1000) }
    }

    /// What a file says; the epoch if nothing was ever removed from it.
    static func upTo(_ connection: Connection) throws(StoreError) -> UnixTime {
        try connection.setUp { database in
            UnixTime(milliseconds: try Int64.fetchOne(database, sql: "SELECT value FROM fact WHERE name = ?", arguments: [fact]) ?? 0)
        }
    }

    /// Has a file that nobody uses say nothing.
    static func begin(anew file: String) throws(StoreError) {
        let connection = try Connection(file: file, readOnly: false, pageCacheBytes: 1 << 20)
        try connection.setUp { database in try database.execute(sql: "DELETE FROM fact WHERE name = ?", arguments: [fact]) }
    }
}
