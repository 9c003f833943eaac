import TokenCore

/// What is kept for each who waits, in the order in which they came. Whoever came first is woken first, and tasks that were made one after the other lie
/// beside one another in memory.
///
/// Whoever comes or goes costs constant time, taken over all of them. Whoever is idle keeps no memory for it.
struct WaitingLine<Element: Sendable>: Sendable {
    private var places: [UpstreamWaiter: Int] = [:]
    /// Nil where somebody has gone before the others.
    private var line: [(waiter: UpstreamWaiter, element: Element)?] = []

    /// How many places there are, gaps included.
    var length: Int { line.count }

    /// One more waits; `waiter` does not yet.
    mutating func append(_ element: Element, for waiter: UpstreamWaiter) {
        places[waiter] = line.count
        line.append((waiter, element))
    }

    /// Takes one out; nil if it does not wait any more.
    mutating func remove(_ waiter: UpstreamWaiter) -> Element? {
        guard let place = places.removeValue(forKey: waiter), let element = line[place]?.element else { return nil }
        line[place] = nil
        if line.count > 2 * places.count + Self.mostGaps { closeGaps() }
        return element
    }

    /// Takes these out, each of whom waits. Mostly that is everybody.
    mutating func remove(_ waiters: [UpstreamWaiter]) -> [Element] {
        guard waiters.count == places.count else { return waiters.compactMap { remove($0) } }
        defer { self = WaitingLine() }
        return line.compactMap { $0?.element }
    }

    /// Gaps that are not worth the work.
    static var mostGaps: Int { 16 }

    private mutating func closeGaps() {
        if places.isEmpty { return self = WaitingLine() }
        line = line.filter { $0 != nil }
        for (place, kept) in line.enumerated() {
            if let kept { places[kept.waiter] = place }
        }
    }
}
