import GRDBSQLite
import TokenCore

/// The statements that read and write pools.
///
/// A token is two rows: what changes with every verb, and its value with its metadata, which are written once. So a verb rewrites a row of some
/// 60 bytes, two short index entries and the header, in a pool of ten tokens as in one of ten million.
final class PoolRows {
    let find, create, update, change, remove: Statement
    let token, firstFree, firstDue, firstDueAt, list: Statement
    let insertToken, updateToken, removeToken, insertValue, removeValue: Statement
    let held, setHeld, removeHeld: Statement
    let firstTicket, ticket, setTicket, removeTicket: Statement

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        func statement(_ sql: String) throws(SQLiteFailure) -> Statement { try Statement(sql, on: connection) }
        find = try statement(
            """
            SELECT number, policy, phase, free, assigned, resting, quarantined, waiting, surplus, last_lease, next_rank, next_ticket
            FROM pool WHERE name = ?
            """)
        create = try statement("INSERT INTO pool (name, policy) VALUES (?, ?) RETURNING number")
        update = try statement(
            """
            UPDATE pool SET phase = ?, free = ?, assigned = ?, resting = ?, quarantined = ?, waiting = ?, surplus = ?, last_lease = ?,
            next_rank = ?, next_ticket = ? WHERE number = ?
            """)
        change = try statement("UPDATE pool SET policy = ? WHERE number = ?")
        remove = try statement("DELETE FROM pool WHERE number = ?")

        let key = "pool = ? AND id = ?"
        // Only what is assigned or listed needs the value. A cross join keeps the order of the two, and a named index is used or the statement refused.
        let value = "CROSS JOIN pool_value USING (pool, id)"
        let (byRank, byDue) = ("INDEXED BY pool_token_by_rank", "INDEXED BY pool_token_by_due_at")
        token = try statement("SELECT \(Self.columns) FROM pool_token WHERE \(key)")
        firstFree = try statement(
            """
            SELECT \(Self.columns), sealed, metadata FROM pool_token \(byRank) \(value)
            WHERE pool = ? AND rank >= ? ORDER BY rank, id LIMIT 1
            """)
        firstDue = try statement("SELECT \(Self.columns) FROM pool_token \(byDue) WHERE pool = ? AND due_at <= ? ORDER BY due_at, id LIMIT 1")
        firstDueAt = try statement("SELECT due_at FROM pool_token \(byDue) WHERE pool = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1")
        list = try statement("SELECT \(Self.columns), sealed, metadata FROM pool_token \(value) WHERE pool = ? AND id > ? ORDER BY id LIMIT ?")
        insertToken = try statement(
            """
            INSERT INTO pool_token (standing, rank, due_at, last_sign, last_lease, failures, since, holder, recent, pool, id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        updateToken = try statement(
            """
            UPDATE pool_token SET standing = ?, rank = ?, due_at = ?, last_sign = ?, last_lease = ?, failures = ?, since = ?, holder = ?, recent = ?
            WHERE \(key)
            """)
        removeToken = try statement("DELETE FROM pool_token WHERE \(key)")
        insertValue = try statement("INSERT INTO pool_value (pool, id, sealed, metadata) VALUES (?, ?, ?, ?)")
        removeValue = try statement("DELETE FROM pool_value WHERE \(key)")

        held = try statement("SELECT held FROM pool_holder WHERE pool = ? AND holder = ?")
        setHeld = try statement(
            "INSERT INTO pool_holder (pool, holder, held) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET held = excluded.held")
        removeHeld = try statement("DELETE FROM pool_holder WHERE pool = ? AND holder = ?")
        firstTicket = try statement("SELECT number, until FROM pool_ticket WHERE pool = ? ORDER BY number LIMIT 1")
        ticket = try statement("SELECT number, until FROM pool_ticket WHERE pool = ? AND number = ?")
        setTicket = try statement(
            "INSERT INTO pool_ticket (pool, number, until) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET until = excluded.until")
        removeTicket = try statement("DELETE FROM pool_ticket WHERE pool = ? AND number = ?")
    }

    private static let columns = "id, standing, rank, due_at, last_sign, last_lease, failures, since, holder, recent"
}
