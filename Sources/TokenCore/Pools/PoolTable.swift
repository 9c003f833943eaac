/// What a pool is beside its tokens: read by every verb, written by most.
public struct PoolHeader: Hashable, Sendable {
    /// How it stands.
    public var statistics: PoolStatistics
    /// The last lease.
    public var lastLease = LeaseNumber.none
    /// The rank of the token that becomes free next, in a pool of order `fifo`.
    public var nextRank: Int64 = 1
    /// The ticket of the claim that waits next.
    public var nextTicket: UInt64 = 1

    /// A pool without tokens.
    public init(policy: PoolPolicy) { statistics = PoolStatistics(policy: policy) }
}

/// A place in a pool's queue.
public struct PoolTicket: Hashable, Sendable {
    /// Its number: the lowest is first.
    public let number: UInt64
    /// Until when it is kept without a sign of its waiter.
    public var until: UnixTime

    /// A place.
    public init(number: UInt64, until: UnixTime) {
        self.number = number
        self.until = until
    }
}

/// The rows of one pool, as `PoolMachine` needs them: each in O(log n) or better. What a machine has done to a table is kept whole or not at all.
public protocol PoolTable: AnyObject {
    /// What reading or writing can throw.
    associatedtype Failure: Error

    /// The header; nil when there is no pool. Setting nil removes it.
    func header() throws(Failure) -> PoolHeader?
    /// Writes or removes the header.
    func setHeader(_ header: PoolHeader?) throws(Failure)

    /// The token of an id.
    func token(_ id: PooledTokenID) throws(Failure) -> PooledToken?
    /// Writes a token, in place of what was read of it before.
    func put(_ token: PooledToken, replacing: PooledToken?) throws(Failure)
    /// Removes a token.
    func remove(_ token: PooledToken) throws(Failure)
    /// The free token of the lowest rank that is at least `rank`; of equal ranks the one of the lowest id.
    func firstFree(from rank: Int64) throws(Failure) -> PooledToken?
    /// The token that is due first, if that is at or before `now`; of those due at once the one of the lowest id.
    func firstDue(by now: UnixTime) throws(Failure) -> PooledToken?
    /// When the first is due.
    func firstDueAt() throws(Failure) -> UnixTime?
    /// Tokens in the order of their ids.
    func tokens(after: PooledTokenID?, limit: Int) throws(Failure) -> [PooledToken]

    /// How many tokens a holder has. Asked and told only in pools that limit it.
    func held(by holder: PoolHolder) throws(Failure) -> Int
    /// Writes how many a holder has; 0 removes the count.
    func setHeld(_ count: Int, by holder: PoolHolder) throws(Failure)

    /// The first place in the queue.
    func firstTicket() throws(Failure) -> PoolTicket?
    /// The place of a number.
    func ticket(_ number: UInt64) throws(Failure) -> PoolTicket?
    /// Writes a place.
    func put(_ ticket: PoolTicket) throws(Failure)
    /// Removes a place.
    func remove(_ ticket: PoolTicket) throws(Failure)
}
