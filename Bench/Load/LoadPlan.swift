/// How hard, how long and against whom.
struct LoadPlan: Sendable {
    /// When the next request is sent.
    enum Pace: Sendable {
        /// As soon as an answer has come, on the same connection.
        case closedLoop
        /// At this many requests per second, evenly spaced, whatever the answers do. A latency is counted from the moment
        /// at which the request should have been sent, so that a stall is charged to every request that it delayed
        /// (no coordinated omission).
        case fixed(perSecond: Double)
    }

    /// The ports on 127.0.0.1 that the connections are dealt to, at least one.
    var ports: [Int]
    var connections = 32
    var pace = Pace.closedLoop
    /// No request is sent (closed loop) or intended (fixed rate) after this.
    var duration: Duration
    /// No more than this many requests are sent.
    var limit = Int.max

    /// How long after `duration` the driver waits for answers before it calls them lost.
    static let patience: Duration = .seconds(10)
}

/// What came of a load run.
struct LoadResult<W: Workload>: Sendable {
    /// The workload, ready for another run.
    var workload: W
    /// Latencies of the right answers, by kind, in the order of ``Workload/kinds``.
    var latencies: [Histogram]
    /// Everything that was not a right answer, with its number: `login: status 500`, `connection closed`.
    var failures: [String: Int] = [:]
    /// From the first send to the last answer, in nanoseconds.
    var elapsed: UInt64 = 0

    /// All latencies together.
    var all: Histogram {
        var sum = Histogram()
        for histogram in self.latencies { sum.merge(histogram) }
        return sum
    }

    /// Right answers per second.
    var perSecond: Double {
        self.elapsed == 0 ? 0 : Double(self.latencies.reduce(0) { $0 + $1.count }) / Double(self.elapsed) * 1e9
    }
}

extension Duration {
    /// In nanoseconds; negative ones are 0.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = self.components
        return self > .zero ? UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000) : 0
    }
}
