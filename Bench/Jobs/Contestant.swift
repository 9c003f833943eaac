import NIOCore
import NIOPosix

/// One server, or several instances that share a store, under one kind of load, ready for as many turns as are wanted.
/// Turns of several contestants alternate, so that whatever else the machine does meets all of them.
actor Contestant<W: Workload> {
    private let ports: [Int]
    /// The processes whose figures are the contestant's.
    let servers: [TestServer]
    /// Other processes that have a part in every answer: a store, a balancer.
    private let besides: [TestServer]
    private(set) var workload: W
    private(set) var series = Series()
    /// The latencies of all turns, by kind, one element a turn.
    private(set) var latencies: [[Histogram]] = []
    private let connections: Int

    /// - Parameters:
    ///   - servers: at least one; processor time and memory are those of all together.
    ///   - balancer: where the load goes instead of to the servers, which are behind it. The first of the processes beside them.
    init(_ servers: [TestServer], behind balancer: TestServer? = nil, beside others: [TestServer] = [], _ workload: W, connections: Int) {
        self.ports = balancer.map { [$0.port] } ?? servers.map(\.port)
        self.servers = servers
        self.besides = [balancer].compactMap(\.self) + others
        self.workload = workload
        self.connections = connections
    }

    init(_ server: TestServer, _ workload: W, connections: Int) {
        self.init([server], workload, connections: connections)
    }

    /// Runs once and adds the figures to the series.
    ///
    /// - Parameters:
    ///   - warmUp: runs for that long before, unmeasured; its failures count.
    ///   - limit: ends the turn after so many requests.
    @discardableResult
    func turn(
        _ duration: Duration, warmUp: Duration = .zero, pace: LoadPlan.Pace = .closedLoop, limit: Int = .max
    ) async throws(BenchError) -> Figures {
        if warmUp > .zero { _ = try await self.load(warmUp, pace: pace, limit: .max) }
        let before = self.used
        let result = try await self.load(duration, pace: pace, limit: limit)
        let after = self.used
        let all = result.all
        // A rate of zero would be a fine p99.
        if all.count == 0 { self.series.note(["no right answer at all": 1]) }
        let answers = Double(max(1, all.count))
        let turn = Figures(
            perSecond: result.perSecond, p50: Double(all.quantile(0.5)), p99: Double(all.quantile(0.99)),
            longest: Double(all.max), cpu: difference(before.servers, after.servers).map { $0 / answers },
            besides: zip(before.besides, after.besides).map { difference($0, $1).map { $0 / answers } },
            resident: total(self.servers.map { $0.process.figures.resident.map(Double.init) }), driverCPU: (after.driver - before.driver) / answers)
        self.series.add(turn)
        self.latencies.append(result.latencies)
        return turn
    }

    /// Processor time until now, in microseconds.
    private var used: (servers: Double?, besides: [Double?], driver: Double) {
        (total(self.servers.map(\.process.figures.cpu)), self.besides.map(\.process.figures.cpu), Machine.ownCPU)
    }

    private func load(_ duration: Duration, pace: LoadPlan.Pace, limit: Int) async throws(BenchError) -> LoadResult<W> {
        var plan = LoadPlan(ports: self.ports, duration: duration)
        plan.connections = self.connections
        plan.pace = pace
        plan.limit = limit
        do {
            let result = try await LoadRun.run(self.workload, plan: plan, on: MultiThreadedEventLoopGroup.singleton.next())
            self.workload = result.workload
            self.series.note(result.failures)
            return result
        } catch {
            throw BenchError("\(self.servers.map(\.name)) cannot be reached: \(error)")
        }
    }
}

/// What was added from the first to the second; nil if one is unknown.
private func difference(_ first: Double?, _ second: Double?) -> Double? {
    guard let first, let second else { return nil }
    return second - first
}

/// All together; nil if one is unknown.
func total(_ values: [Double?]) -> Double? {
    values.reduce(0) { sum, value in sum.flatMap { sum in value.map { sum + $0 } } }
}
