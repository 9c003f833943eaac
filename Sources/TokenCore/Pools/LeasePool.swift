/// Where pools of tokens live. A seam of its own beside `RecordStore`, because taking the next free token is not a compare-and-swap.
///
/// Promises of an implementer:
/// - Verbs of one pool are decided one after the other, whoever sends them: no token ever has two assignments at once.
/// - What a verb answers is what `PoolMachine` answers: the suite of `StoreConformance` compares the two.
/// - A verb costs O(log n) in the number of tokens for each token that it names, and a bounded share of what is due.
/// - When `perform` returns, what was done survives what the store's stated durability says it survives, and so do its events; when it throws
///   `.unavailable` or `.overloaded` nothing was done.
public protocol LeasePool: Sendable {
    /// Settles what is due, does what is asked, and says what happened.
    ///
    /// - Parameter now: by the engine's clock, which is one for all instances. What two of them, or one that was asleep, say out of order shortens no
    ///   assignment and takes back no sign of life.
    /// - Parameter seed: chance, drawn once for the verb: only a pool of order `random` uses it.
    /// - Throws: `.unavailable`, `.overloaded`, `.outcomeUnknown`, `.corrupt`.
    func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply

    /// The pools there are, in the order of their names, after `after`. At most `limit` (1 ... 1,000). Parts of pools are not among them.
    ///
    /// - Throws: `.unavailable`, `.corrupt`.
    func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName]

    /// Rings when a verb, of whichever instance, left something to be had for somebody who waits. A bell may be lost, and is never the truth: it only
    /// says who asks next. Where nobody waits none rings.
    ///
    /// The sequence ends with the store; that of a store of one instance, which knows it from the replies, at once.
    func poolBells() -> AsyncStream<PoolBell>
}

extension LeasePool {
    /// None: what a store of one instance has to say stands in its replies.
    public func poolBells() -> AsyncStream<PoolBell> { AsyncStream { $0.finish() } }
}
