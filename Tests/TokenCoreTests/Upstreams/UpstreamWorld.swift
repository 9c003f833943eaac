@testable import TokenCore

/// A machine, its time, and what everybody outside relies on: what was issued, what was given to whom, who still waits.
///
/// Knows nothing of how the machine decides. A token's value is the number of the fetch that really brought it.
struct UpstreamWorld {
    typealias Machine = UpstreamMachine<UInt64, Int>

    /// Everything that can happen.
    enum Step: Hashable, CaseIterable {
        case get, getBriefly, watch, cancelFirst, cancelLast
        case replyFresh, replyShort, replyUntil, replyUnstated, replyUnlimited, replyOver, replyLate, replyRejected
        case fail, failWithRetryAfter, failForGood, failLate
        case invalidate, invalidateOld, start
        case wake, wakeLate, second, pastEnd, wallBack, wallForward
    }

    /// A fetch under way, as the source sees it.
    struct Flight: Hashable {
        let number: UInt64
        let sentAt: Moment
        let isKept: Bool
    }

    /// A token as its issuer knows it.
    struct Issued: Hashable {
        let number: UInt64
        /// When it was asked for.
        let since: MonotonicTime
        /// When it really ends, by either clock; nil if it does not.
        let end: Moment?
    }

    /// A caller who waits.
    struct Waiting: Hashable {
        let id: UInt64
        let deadline: MonotonicTime
        let newerThan: UInt64?
    }

    static let retryAfter = Duration.seconds(20)
    static let patience = Duration.seconds(1000)
    static let brief = Duration.seconds(3)

    var machine: Machine
    let mayAbandon: Bool
    let fault: UpstreamFault?
    var now = Moment(wall: UnixTime(seconds: 1_000_000), steady: MonotonicTime(microseconds: 1_000_000_000_000))
    var flight: Flight?
    /// A fetch that was given up and may still answer.
    var late: UInt64?
    var waiting: [Waiting] = []
    var drawn: UInt64 = 0
    /// What the last fetch that counted brought, until it is invalidated.
    var current: Issued?
    /// Tokens up to this number are not accepted any more.
    var invalidated: UInt64 = 0
    /// Whether the fetch under way began before the last token was invalidated.
    var isUnaware = false
    /// The newest token that anybody was given.
    var served: UInt64 = 0
    var lastBegun: MonotonicTime?
    /// The next fetch begins after this at the earliest, and is allowed after that at the latest.
    var cool: (earliest: MonotonicTime, latest: MonotonicTime)?
    var isWanted = false
    /// How often the wall clock was set.
    var settings = 0
    /// What the step broke.
    var broken: [String] = []

    init(_ policy: UpstreamPolicy, mayAbandon: Bool = true, fault: UpstreamFault? = nil) {
        machine = Machine(policy: policy, mayAbandon: mayAbandon)
        self.mayAbandon = mayAbandon
        self.fault = fault
    }

    var policy: UpstreamPolicy { machine.policy }
    var keepsFresh: Bool { policy.keepsFresh && policy.refresh != .onDemand }
    var nextWake: MonotonicTime? { fault == .timerForgotten && machine.held == nil ? nil : machine.nextWake }
}

extension UpstreamPolicy {
    /// Small numbers, so that everything happens within a few steps.
    static func small(_ refresh: Refresh, keepsFresh: Bool) -> UpstreamPolicy {
        var policy = UpstreamPolicy()
        policy.refresh = refresh
        policy.keepsFresh = keepsFresh
        policy.fallbackLifetime = .seconds(50)
        policy.firstPause = .seconds(4)
        policy.longestPause = .seconds(16)
        policy.leastInterval = .seconds(2)
        policy.mostWaiters = 2
        return policy
    }
}
