/// What a pool answers, and what happened in it meanwhile.
public struct PoolReply: Hashable, Sendable {
    /// The answer to the verb.
    public var outcome: PoolOutcome
    /// What happened, in its order; also to tokens that the verb did not name, because their time had come.
    public var happened: [PoolEvent] = []
    /// Whether somebody waits and there is something to be had: whoever keeps waiters asks for them again.
    public var wakes = false
    /// When the next thing happens by time alone; nil when nothing will.
    public var nextDue: UnixTime?

    /// A reply.
    public init(_ outcome: PoolOutcome) { self.outcome = outcome }
}

/// The answers of a pool.
public enum PoolOutcome: Hashable, Sendable {
    /// It was done, and there is nothing to tell.
    case done
    /// There is no such pool.
    case noPool
    /// The pool is there with another policy, or what is fixed was to change.
    case otherPolicy
    /// Of a removal: there is more to do, ask again.
    case more
    /// How many were put in; the others were there.
    case added(Int)
    /// There would be more tokens than the pool may have: nothing was put in.
    case full(room: Int)
    /// What was taken out.
    case assigned([AssignedToken])
    /// Not enough is free, and the caller does not wait. Something may change at that time; nil if only by what others do.
    case noneFree(next: UnixTime?)
    /// What was asked is to be asked of the pool's parts, that many; nothing was changed but what the pool itself has, its phase and its queue. With a
    /// ticket it is the turn of that claim, which keeps its place until it gives it up.
    case split(parts: Int, ticket: UInt64?)
    /// The claim waits under that ticket.
    case waiting(ticket: UInt64)
    /// Too many wait already.
    case queueFull
    /// The holder would have more than one holder may.
    case holderLimit
    /// The pool assigns nothing: it is being drained.
    case draining
    /// The token is kept alive until then; nil if it is not assigned.
    case alive(until: UnixTime?)
    /// It is not in the pool.
    case noToken
    /// It is in the pool and not assigned.
    case notAssigned
    /// The lease is not the current one: nothing was changed.
    case staleLease
    /// It rests until then and is free afterwards.
    case resting(until: UnixTime)
    /// It was set aside.
    case quarantined
    /// How many tokens left at once, and how many will when they become free; `more` when the call's limit ended it.
    case shrunk(removed: Int, surplus: Int, more: Bool)
    /// How it stands.
    case statistics(PoolStatistics)
    /// Tokens; fewer than asked for means that there are no more.
    case tokens([PooledToken])
}

/// A token that was taken out.
public struct AssignedToken: Hashable, Sendable {
    /// What it is known by.
    public var id: PooledTokenID
    /// Its value, sealed.
    public var sealed: [UInt8]
    /// What stands beside it.
    public var metadata: [UInt8]
    /// The fencing number.
    public var lease: LeaseNumber
    /// For how long it is the holder's.
    public var lifetime: Duration

    /// A token that was taken out.
    public init(id: PooledTokenID, sealed: [UInt8], metadata: [UInt8], lease: LeaseNumber, lifetime: Duration) {
        self.id = id
        self.sealed = sealed
        self.metadata = metadata
        self.lease = lease
        self.lifetime = lifetime
    }
}

/// How a pool stands.
public struct PoolStatistics: Hashable, Sendable {
    /// By which rules.
    public var policy: PoolPolicy
    /// Whether tokens may be assigned.
    public var phase = PoolPhase.open
    /// Tokens that may be assigned.
    public var free = 0
    /// Tokens that somebody has.
    public var assigned = 0
    /// Tokens that rest.
    public var resting = 0
    /// Tokens that are set aside.
    public var quarantined = 0
    /// Claims that wait.
    public var waiting = 0
    /// Tokens that leave when they become free.
    public var surplus = 0

    /// A pool without tokens.
    public init(policy: PoolPolicy) { self.policy = policy }

    /// All tokens.
    public var total: Int { free + assigned + resting + quarantined }
}

/// Something that happened to a token of a pool.
public struct PoolEvent: Hashable, Sendable {
    /// What can happen.
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// Somebody has it.
        case assigned = 0
        /// It was given back.
        case released = 1
        /// Its holder gave no sign of life in time.
        case expired = 2
        /// It is not in the pool any more.
        case deleted = 3
        /// It was set aside.
        case quarantined = 4
    }

    /// What happened.
    public var kind: Kind
    /// When: of an expiry and of a deletion for want of life the moment it was due.
    public var at: UnixTime
    /// To which token.
    public var token: PooledTokenID
    /// In which assignment; none when there was none.
    public var lease: LeaseNumber
    /// Whose.
    public var holder: PoolHolder
    /// How long it was held, where an assignment ended.
    public var held: Duration?

    /// An event.
    public init(_ kind: Kind, at: UnixTime, token: PooledTokenID, lease: LeaseNumber = .none, holder: PoolHolder = "", held: Duration? = nil) {
        self.kind = kind
        self.at = at
        self.token = token
        self.lease = lease
        self.holder = holder
        self.held = held
    }
}
