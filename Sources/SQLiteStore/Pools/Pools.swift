import GRDBSQLite
import TokenCore

/// The pools as the writer changes them.
final class Pools {
    private let rows: PoolRows
    /// The pools that the group under way has named.
    private var open: [PoolName: StoredPool] = [:]

    init(_ connection: OpaquePointer) throws(SQLiteFailure) { rows = try PoolRows(connection) }

    /// Does what is asked of a pool, in the transaction under way.
    func perform(_ order: PoolOrder) throws(SQLiteFailure) -> PoolReply {
        try PoolMachine.perform(order.verb, on: try pool(order.pool), now: order.now, seed: order.seed)
    }

    private func pool(_ name: PoolName) throws(SQLiteFailure) -> StoredPool {
        if let known = open[name] { return known }
        let pool = try StoredPool(name, rows)
        open[name] = pool
        return pool
    }

    /// Writes what is known of pools and not yet written: the last thing before the commit.
    func flush() throws(SQLiteFailure) {
        for pool in open.values { try pool.flush() }
    }

    /// The group is over: what was known of pools may be old, or was undone.
    func forget() { open.removeAll(keepingCapacity: true) }
}

/// A verb on its way to the writer.
struct PoolOrder: Sendable {
    let verb: PoolVerb
    let pool: PoolName
    let now: UnixTime
    let seed: UInt64

    /// How many rows it changes: what it names, and a share of what it may find due. All of that at once, 64 tokens, is rare and is followed by
    /// verbs that find nothing.
    var weight: Int {
        switch verb {
        case .add(let tokens): tokens.count + 16
        case .assign(let claim): claim.count + 15
        case .keepWaiting(let tickets): tickets.count + 15
        case .remove(let limit), .shrink(_, let limit): limit + 16
        default: 16
        }
    }
}
