/// One assignment as its holder knows it.
struct PoolHold: Hashable, Sendable {
    let token: String
    let lease: Int64
}

/// One request to a pool as its sender saw it: what was asked, what came back, and between which moments the pool must have decided.
struct PoolOperation: Hashable, Sendable {
    /// What was asked.
    enum Action: Hashable, Sendable {
        case assign
        case keepAlive(PoolHold)
        case unblock(PoolHold)
        /// As callers of services without leases do it: whoever has the token loses it.
        case unblockWithoutLease(token: String)
    }

    /// What came back.
    enum Answer: Hashable, Sendable {
        case assigned(PoolHold)
        case done
        /// A definite no: 404 or 409.
        case refused
        /// No answer, or one that leaves open whether it was done: the connection broke, or 503.
        case unknown
    }

    let action: Action
    let answer: Answer
    let began: Moment
    let ended: Moment
}

/// What a correct pool never does.
enum PoolViolation: Hashable, Sendable {
    /// Two holders had a token at the same moment.
    case heldTwice(PoolHold, PoolHold)
    /// A holder whose lease was over changed something.
    case staleLeaseAccepted(PoolOperation)
    /// A holder was told that it is none although nothing can have ended its assignment.
    case refusedWithoutCause(PoolOperation)
    /// A token was assigned before it had rested.
    case restForgotten(PoolHold)
    /// A lease that does not rise, or that two assignments have.
    case leaseDoesNotRise(PoolHold)
    /// A token that was never put in.
    case invented(PoolHold)
}
