/// What can be asked of a pool: data, so that a store can fold many into one transaction or send one as a script.
public enum PoolVerb: Hashable, Sendable {
    /// Make the pool, or nothing if it is there with the same policy.
    case create(PoolPolicy)
    /// Go on by another policy; the order stays. Assignments under way keep the end they have.
    case change(PoolPolicy)
    /// Let tokens be assigned, or not.
    case turn(PoolPhase)
    /// Remove the pool with everything in it, at most so many tokens in one call (1 ... 1,000).
    case remove(limit: Int)
    /// Put tokens in: all of those that are not there yet, or none. At most `mostAdded`.
    case add([NewToken])
    /// Take tokens out.
    case assign(PoolClaim)
    /// Wait no longer.
    case leaveQueue(ticket: UInt64)
    /// The waiters of these tickets are still there: at most `mostAdded`.
    case keepWaiting(tickets: [UInt64])
    /// A sign of life; it prolongs the assignment, if there is one.
    case keepAlive(PooledTokenID, lease: LeaseNumber?)
    /// The holder gives it back: it rests.
    case release(PooledTokenID, lease: LeaseNumber?)
    /// Nobody was told of that assignment: it is undone, and the token does not rest.
    case putBack(PooledTokenID, lease: LeaseNumber)
    /// How it went with a token. A failure ends the assignment, and the token rests for at least that long.
    case report(PooledTokenID, lease: LeaseNumber, failed: Bool, rest: Duration)
    /// A token that was set aside is free again.
    case restore(PooledTokenID)
    /// Take a token out for ever.
    case delete(PooledTokenID, lease: LeaseNumber?)
    /// Have no more than so many tokens: free ones leave at once, at most `limit` (1 ... 1,000) in one call, others when they become free.
    case shrink(to: Int, limit: Int)
    /// How it stands.
    case statistics
    /// Tokens in the order of their ids. At most `limit` (1 ... 1,000).
    case list(after: PooledTokenID?, limit: Int)
    /// Nothing but what is due: for a pool that nobody calls.
    case settle

    /// How many tokens or tickets one call names at most.
    public static let mostAdded = 1_000

    /// Whether a pool of several parts answers it with `split`: what is about tokens. An assignment it answers itself, by its queue.
    var isForParts: Bool {
        switch self {
        case .turn, .add, .keepAlive, .release, .putBack, .report, .restore, .delete, .shrink, .list, .settle: true
        case .create, .change, .remove, .assign, .leaveQueue, .keepWaiting, .statistics: false
        }
    }
}

/// Whether tokens may be assigned.
public enum PoolPhase: UInt8, Hashable, Sendable, CaseIterable {
    /// They may.
    case open = 0
    /// Not now: who waits goes on waiting.
    case paused = 1
    /// Not any more: who waits is sent away, and the pool is drained when nothing is assigned.
    case draining = 2
}

/// A token to be put in.
public struct NewToken: Hashable, Sendable {
    /// What it will be known by.
    public let id: PooledTokenID
    /// Its value, sealed: 1 to 8,192 bytes.
    public let sealed: [UInt8]
    /// What stands beside it: at most 1,024 bytes.
    public let metadata: [UInt8]

    /// A token.
    public init(id: PooledTokenID, sealed: [UInt8], metadata: [UInt8] = []) {
        self.id = id
        self.sealed = sealed
        self.metadata = metadata
    }
}

/// Who wants how many tokens, and whether it waits.
public struct PoolClaim: Hashable, Sendable {
    /// Who wants them.
    public var holder: PoolHolder
    /// How many: all of them or none. 1 ... 100.
    public var count: Int
    /// Whether it takes a place in the queue when there are not enough. A place is kept for `ticketLife` after each sign of its waiter.
    public var waits: Bool
    /// Its place, once it has one.
    public var ticket: UInt64?

    /// A claim.
    public init(holder: PoolHolder, count: Int = 1, waits: Bool = false, ticket: UInt64? = nil) {
        self.holder = holder
        self.count = count
        self.waits = waits
        self.ticket = ticket
    }

    /// The most tokens that one claim can ask for.
    public static let mostTokens = 100
    /// How long a place in the queue is kept without a sign of its waiter: as long as a dead instance can hold up those behind it.
    public static let ticketLife = Duration.seconds(5)
}
