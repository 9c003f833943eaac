import Synchronization
public import TokenCore

/// What is to be told of one pool: how it stands, and what this instance saw happen in it.
public struct PoolFigures: Sendable {
    /// How many pools are told of: each is a dozen rows for whoever collects them, and names come from whoever makes pools.
    public static let mostPools = 100

    /// Which pool.
    public let pool: PoolName
    /// How it stands; of all instances.
    public let statistics: PoolStatistics
    /// What happened since this instance started.
    public let counts: Counts

    /// Counts of one instance.
    public struct Counts: Sendable {
        /// What happened to tokens, in calls of this instance.
        public private(set) var events: [PoolEvent.Kind: UInt64] = [:]
        /// How long claims waited that got what they wanted.
        public var waits = PoolDurations()
        /// How long tokens were held.
        public private(set) var holds = PoolDurations()

        mutating func add(_ event: PoolEvent) {
            events[event.kind, default: 0] += 1
            if let held = event.held { holds.add(held) }
        }
    }
}

/// Durations by upper bound.
public struct PoolDurations: Sendable {
    /// The bounds, in seconds.
    public static let bounds: [Double] = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600]

    /// How many are at most as long as each bound and longer than the one before.
    public private(set) var counts = [UInt64](repeating: 0, count: bounds.count)
    /// How many there are.
    public private(set) var count: UInt64 = 0
    /// All together, in seconds.
    public private(set) var sum = 0.0

    mutating func add(_ duration: Duration) {
        let seconds = duration / .seconds(1)
        count += 1
        sum += seconds
        if let index = Self.bounds.firstIndex(where: { seconds <= $0 }) { counts[index] += 1 }
    }
}

extension TokenPools {
    /// How long figures are good for: whoever collects them comes every few seconds, perhaps twice.
    private static let validity = Duration.seconds(2)

    /// The figures of the pools known here, `default` first, then by name; at most `PoolFigures.mostPools`. A pool that cannot be asked is missing.
    public func figures() async -> [PoolFigures] {
        let now = ContinuousClock.now
        if let last = lastFigures.withLock({ $0 }), now - last.at < Self.validity { return last.figures }
        let desks = desks.withLock { Array($0.values) }.sorted { a, b in
            (a.pool == .usual ? 0 : 1, a.pool) < (b.pool == .usual ? 0 : 1, b.pool)
        }
        var figures: [PoolFigures] = []
        for desk in desks.prefix(PoolFigures.mostPools) {
            guard let outcome = try? await perform(.statistics, in: desk.pool).outcome, case .statistics(let statistics) = outcome else { continue }
            figures.append(PoolFigures(pool: desk.pool, statistics: statistics, counts: desk.counts))
        }
        lastFigures.withLock { $0 = (figures, now) }
        return figures
    }
}
