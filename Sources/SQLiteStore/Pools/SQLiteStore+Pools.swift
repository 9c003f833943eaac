public import TokenCore

/// Pools live beside the records: a verb waits for the same group commit, and its events go to the same outbox in the same transaction.
extension SQLiteStore: LeasePool {
    public func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        let outcome = try await writer.perform(.pool(PoolOrder(verb: verb, pool: pool, now: now, seed: seed)))
        guard let reply = outcome.reply else { preconditionFailure("a verb was done without an answer") }
        return reply
    }

    public func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] {
        try readers.read { (reader) throws(SQLiteFailure) in try reader.pools(after: after, limit: limit) }
    }
}
