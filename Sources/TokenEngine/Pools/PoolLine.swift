import TokenCore

/// Who waits here for tokens of one pool, in the order of their places: a machine without a store and without time.
///
/// The store alone decides whose turn it is, here and elsewhere; this knows whom to ask for next. One at a time asks (`isServed`), and asks again as
/// long as something happened since it asked last, so that no awakening is lost and none is repeated.
struct PoolLine {
    /// One that waits, and its place.
    struct Member {
        let ticket: UInt64
        let waiter: PoolWaiter
    }

    /// The lowest ticket first.
    private(set) var members: [Member] = []
    /// How often something was to be had, so that whoever enters knows whether it missed that.
    private(set) var awakenings: UInt64 = 0
    /// The first place of the whole queue, as the last bell said: whoever enters with it knows that it rang.
    private(set) var rung: UInt64?
    private var isServed = false
    private var isAwake = false

    /// Something may be had.
    ///
    /// - Returns: whether somebody has to begin to serve.
    mutating func wake() -> Bool {
        awakenings += 1
        guard !members.isEmpty else { return false }
        isAwake = true
        guard !isServed else { return false }
        isServed = true
        return true
    }

    /// A bell rang: something may be had by whoever has that place, or by everybody. Whoever has another one here would ask in vain.
    ///
    /// - Returns: whether somebody has to begin to serve.
    mutating func ring(for first: UInt64?) -> Bool {
        rung = first
        guard first == nil || first == members.first?.ticket else { return false }
        return wake()
    }

    /// Takes a place.
    mutating func enter(_ waiter: PoolWaiter, ticket: UInt64) {
        let index = members.lastIndex { $0.ticket < ticket }.map { $0 + 1 } ?? 0
        members.insert(Member(ticket: ticket, waiter: waiter), at: index)
    }

    /// Gives a place up.
    ///
    /// - Returns: its ticket; nil when it has none any more.
    mutating func leave(_ waiter: PoolWaiter) -> UInt64? {
        guard let index = members.firstIndex(where: { $0.waiter === waiter }) else { return nil }
        return members.remove(at: index).ticket
    }

    /// Whom to ask for next; nil when there is nothing to ask, and then nobody serves any more.
    mutating func next() -> Member? {
        guard isAwake, let first = members.first else {
            (isServed, isAwake) = (false, false)
            return nil
        }
        isAwake = false
        return first
    }

    /// What was asked for had an answer: whoever is next is asked for too.
    mutating func goOn() { isAwake = true }

    /// Everybody leaves.
    mutating func empty() -> [PoolWaiter] {
        defer { members = [] }
        return members.map(\.waiter)
    }
}
