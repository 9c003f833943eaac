/// Who waits for a token, and until when. Everything but `due` and `removeAll` takes constant time, however many wait.
struct WaiterList<Waiter: Hashable & Sendable>: Sendable {
    /// One wait.
    private struct Wait: Sendable {
        let deadline: MonotonicTime
        /// Whether it is for a token after one that still holds: then nothing is fetched on its account.
        let watches: Bool
    }

    private var waits: [Waiter: Wait] = [:]
    /// How many want any token, and therefore a fetch.
    private(set) var wanting = 0
    /// No deadline is before this; nil when nobody waits.
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
        if waits.isEmpty { earliest = nil }
        return true
    }

    /// Takes out whose deadline has come.
    mutating func due(at now: MonotonicTime) -> [Waiter] {
        guard let earliest, earliest <= now else { return [] }
        let over = waits.filter { $0.value.deadline <= now }.map(\.key)
        for waiter in over { _ = remove(waiter) }
        self.earliest = waits.values.map(\.deadline).min()
        return over
    }

    /// Takes out everybody, or only who wants any token.
    mutating func removeAll(watchersToo: Bool) -> [Waiter] {
        let gone = waits.filter { watchersToo || !$0.value.watches }.map(\.key)
        for waiter in gone { _ = remove(waiter) }
        if !waits.isEmpty { earliest = waits.values.map(\.deadline).min() }
        return gone
    }

    /// The token that watchers had is gone: they want any.
    mutating func wakeWatchers() {
        guard wanting < waits.count else { return }
        waits = waits.mapValues { Wait(deadline: $0.deadline, watches: false) }
        wanting = waits.count
    }
}
