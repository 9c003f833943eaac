/// How long things took, in fixed buckets, as Prometheus counts them.
struct Histogram: Sendable, Hashable {
    /// The upper bounds in nanoseconds: 25 µs, where the fast lane lives, to 10 s, where everything has been given up.
    static let bounds: [Int64] = [
        25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 10_000_000_000,
    ]

    /// How many fell into each bucket and no lower one; the last counts what is beyond every bound.
    private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// The sum in nanoseconds, for as many as were recorded.
    private(set) var sum: UInt64 = 0

    /// How many were recorded.
    var count: UInt64 { counts.reduce(0, +) }

    /// Records that so many things took so long each.
    mutating func record(nanoseconds: Int64, times: UInt64 = 1) {
        guard times > 0 else { return }
        var bucket = 0
        while bucket < Self.bounds.count, nanoseconds > Self.bounds[bucket] { bucket += 1 }
        counts[bucket] += times
        sum &+= UInt64(clamping: nanoseconds) &* times
    }

    /// Adds another's counts.
    mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        sum &+= other.sum
    }
}
