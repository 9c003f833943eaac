/// Something is to be had in a pool for which somebody waits, says whoever made it so to the instances beside it.
public struct PoolBell: Hashable, Sendable {
    /// In which pool.
    public let pool: PoolName
    /// The first place of its queue; nil when everybody is to ask.
    public let first: UInt64?

    /// A bell.
    public init(_ pool: PoolName, first: UInt64?) {
        self.pool = pool
        self.first = first
    }
}
