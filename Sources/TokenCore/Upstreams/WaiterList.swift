/// Who waits for a token.
public struct UpstreamWaiter: Hashable, Sendable {
    /// Drawn by the driver, never again.
    public let id: UInt64

    /// A waiter of that number.
    public init(_ id: UInt64) { self.id = id }
}

/// Who waits for a token, and until when. Everything but `due` and `removeAll` takes constant time, however many wait.
struct WaiterList: Sendable {
    typealias Waiter = UpstreamWaiter

    /// One wait.
    private struct Wait: Sendable {
        let deadline: MonotonicTime
        /// Whether it is for a token after one that still holds: then nothing is fetched on its account.
        let watches: Bool
    }

    /// Deadlines are looked at no more often than this, because a look passes everybody who waits.
    static var coarseness: Duration { .milliseconds(5) }

    private var waits: [Waiter: Wait] = [:]
    /// How many want any token, and therefore a fetch.
    private(set) var wanting = 0
    /// When to look for deadlines: at the first one, or up to `coarseness` after it. Nil when nobody waits.
    private(set) var earliest: MonotonicTime?

    /// How many wait.
    var count: Int { waits.count }

    /// One more waits; `waiter` does not wait yet.
    mutating func insert(_ waiter: Waiter, until deadline: MonotonicTime, watches: Bool) {
        waits[waiter] = Wait(deadline: deadline, watches: watches)
        if !watches { wanting += 1 }
        earliest = min(earliest ?? deadline, deadline)
    }

    /// It does not wait any more.
    ///
    /// - Returns: whether it did.
    mutating func remove(_ waiter: Waiter) -> Bool {
        guard let wait = waits.removeValue(forKey: waiter) else { return false }
        if !wait.watches { wanting -= 1 }
        if waits.isEmpty { self = WaiterList() }
        return true
    }

    /// Takes out whose deadline has come.
    mutating func due(at now: MonotonicTime) -> [Waiter] {
        guard let earliest, earliest <= now else { return [] }
        return take(lookAgain: now + Self.coarseness) { $0.deadline <= now }
    }

    /// Takes out everybody, or only who wants any token.
    mutating func removeAll(watchersToo: Bool) -> [Waiter] {
        guard watchersToo || wanting > 0 else { return [] }
        return take(lookAgain: nil) { watchersToo || !$0.watches }
    }

    /// The token that watchers had is gone: they want any.
    mutating func wakeWatchers() {
        guard wanting < waits.count else { return }
        waits = waits.mapValues { Wait(deadline: $0.deadline, watches: false) }
        wanting = waits.count
    }

    /// Takes out those whose wait is over. Whoever is idle keeps no memory for it.
    private mutating func take(lookAgain: MonotonicTime?, where isOver: (Wait) -> Bool) -> [Waiter] {
        let over = waits.compactMap { isOver($0.value) ? $0.key : nil }
        if over.count == waits.count {
            self = WaiterList()
            return over
        }
        for waiter in over { _ = remove(waiter) }
        earliest = waits.values.map(\.deadline).min().map { max($0, lookAgain ?? $0) }
        return over
    }
}
