/// Somebody who waited for the one token of a pool, as it saw that itself.
struct PoolTurn: Hashable, Sendable {
    /// Which one: in the order of asking.
    let number: Int
    /// Before its request was sent.
    var asked: Moment
    /// When the pool was seen to have it in line; nil: that was not looked at.
    var placed: Moment?
    /// The lease that it was told of; they rise in the order in which the pool served. Nil: it was told of none.
    var lease: Int64?
    /// When it had the token, and when it began to give it back; nil where the pool said that it was not its any more.
    var had: Moment?
    var gaveBack: Moment?
    /// Whether it went away without an answer.
    var isGone = false
}

/// What a fair queue never does.
enum PoolQueueViolation: Hashable, Sendable {
    /// Somebody was served before one who certainly was in line when it asked.
    case overtaken(Int, by: Int)
    /// Somebody stayed, and was not served.
    case starved(Int)
    /// Two had the token at the same moment.
    case heldTogether(Int, Int)
}

/// Judges what those who waited for one token saw.
///
/// A place is taken at some moment between the request and its answer, which comes when the place's turn has come: so a waiter alone cannot know it.
/// It is certain once the pool tells of as many places as there are waiters. Whoever asks after that moment is behind; of two that asked
/// together nothing is said.
enum PoolQueueChecker {
    static func violations(in turns: [PoolTurn]) -> Set<PoolQueueViolation> {
        overtakings(turns).union(overlaps(turns)).union(turns.filter { $0.lease == nil && !$0.isGone }.map { .starved($0.number) })
    }

    private static func overtakings(_ turns: [PoolTurn]) -> Set<PoolQueueViolation> {
        var found: Set<PoolQueueViolation> = []
        // From the one that was served last to the one that was served first: who of those behind was in line the earliest?
        var earliest: (placed: Moment, number: Int)?
        for turn in turns.filter({ $0.lease != nil }).sorted(by: { ($0.lease ?? 0) > ($1.lease ?? 0) }) {
            if let behind = earliest, behind.placed < turn.asked { found.insert(.overtaken(behind.number, by: turn.number)) }
            if let placed = turn.placed, earliest.map({ placed < $0.placed }) ?? true { earliest = (placed, turn.number) }
        }
        return found
    }

    private static func overlaps(_ turns: [PoolTurn]) -> Set<PoolQueueViolation> {
        var found: Set<PoolQueueViolation> = []
        var last: (until: Moment, number: Int)?
        for turn in turns.sorted(by: { ($0.had ?? $0.asked) < ($1.had ?? $1.asked) }) {
            guard let had = turn.had, let until = turn.gaveBack else { continue }
            if let last, had < last.until { found.insert(.heldTogether(last.number, turn.number)) }
            if last.map({ $0.until < until }) ?? true { last = (until, turn.number) }
        }
        return found
    }
}
