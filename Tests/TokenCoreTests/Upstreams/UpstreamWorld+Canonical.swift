@testable import TokenCore

/// Worlds that only differ in names and in a past too old to matter have the same future: the walk goes on from one of them.
extension UpstreamWorld {
    /// Everything the future depends on, as distances from now, in milliseconds.
    var canonical: [Int64] {
        var key: [Int64] = []
        func add(_ number: UInt64?) { key.append(number.map { Int64(machine.fetches) - Int64($0) } ?? -100) }
        func add(_ time: MonotonicTime?, atLeast: Int64 = -40_000) {
            key.append(time.map { max(atLeast, ($0 - now.steady).wholeMilliseconds) } ?? .max)
        }
        func add(_ time: UnixTime?) { key.append(time.map { max(-1, ($0 - now.wall).wholeMilliseconds) } ?? .max) }
        if let held = machine.held {
            add(held.number)
            add(held.since.steady, atLeast: -16_000)
            add(held.usable.steady, atLeast: -1)
            add(held.usable.wall)
            add(held.refreshAt, atLeast: -1)
        }
        switch machine.activity {
        case .resting: key.append(-1)
        case .fetching(let fetch):
            add(fetch.sentAt.steady)
            add(fetch.sentAt.wall)
            key.append(fetch.isKept ? 1 : 0)
        case .cooling(_, let until): add(until, atLeast: 0)
        }
        for wait in waiting {
            add(wait.deadline)
            add(wait.newerThan)
        }
        add(machine.waiters.earliest)
        add(lastBegun, atLeast: -16_000)
        add(current?.number)
        add(current?.since)
        add(current?.end?.steady)
        add(current?.end?.wall)
        add(min(served, machine.fetches))
        add(invalidated)
        add(cool?.earliest, atLeast: 0)
        add(cool?.latest, atLeast: 0)
        key += [
            Int64(min(machine.failures, 4)), Int64(min(machine.rejections, 4)), late == nil ? 0 : 1, isWanted ? 1 : 0, isUnaware ? 1 : 0,
            Int64(settings),
        ]
        return key
    }
}
