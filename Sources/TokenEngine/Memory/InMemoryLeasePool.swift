import Synchronization
public import TokenCore

/// The reference model of a pool store: `PoolMachine` over plain tables behind one mutex. Nothing survives the process, and events go nowhere
/// but into the reply.
public final class InMemoryLeasePool: Sendable {
    /// Guards all tables, for the length of one verb.
    private let tables = Mutex<[PoolName: MemoryPoolTable]>([:])

    /// A store without pools.
    public init() {}
}

extension InMemoryLeasePool: LeasePool {
    public func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        tables.withLock { tables in
            let table = tables[pool] ?? MemoryPoolTable()
            let reply = PoolMachine.perform(verb, on: table, now: now, seed: seed)
            tables[pool] = table.header() == nil ? nil : table
            return reply
        }
    }

    public func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] {
        tables.withLock { tables in
            let names = tables.keys.filter { name in name == name.whole && after.map { name > $0 } ?? true }
            return Array(names.sorted().prefix(limit))
        }
    }
}
