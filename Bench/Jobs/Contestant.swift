import NIOCore
import NIOPosix

/// One server under one kind of load, ready for as many turns as are wanted. Turns of several contestants alternate, so
/// that whatever else the machine does meets all of them.
actor Contestant<W: Workload> {
    let server: TestServer
    private(set) var workload: W
    private(set) var series = Series()
    /// The latencies of all turns, by kind, one element a turn.
    private(set) var latencies: [[Histogram]] = []
    private let connections: Int

    init(_ server: TestServer, _ workload: W, connections: Int) {
        self.server = server
        self.workload = workload
        self.connections = connections
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
        let figures = self.server.process.figures
        let before = (figures.cpu, Machine.ownCPU)
        let result = try await self.load(duration, pace: pace, limit: limit)
        let after = (figures.cpu, Machine.ownCPU)
        let all = result.all
        // A rate of zero would be a fine p99.
        if all.count == 0 { self.series.note(["no right answer at all": 1]) }
        let answers = Double(max(1, all.count))
        let turn = Figures(
            perSecond: result.perSecond, p50: Double(all.quantile(0.5)), p99: Double(all.quantile(0.99)),
            longest: Double(all.max), cpu: zip(before.0, after.0).map { ($1 - $0) / answers },
            resident: figures.resident.map(Double.init), driverCPU: (after.1 - before.1) / answers)
        self.series.add(turn)
        self.latencies.append(result.latencies)
        return turn
    }

    private func load(_ duration: Duration, pace: LoadPlan.Pace, limit: Int) async throws(BenchError) -> LoadResult<W> {
        var plan = LoadPlan(port: self.server.port, duration: duration)
        plan.connections = self.connections
        plan.pace = pace
        plan.limit = limit
        do {
            let result = try await LoadRun.run(self.workload, plan: plan, on: MultiThreadedEventLoopGroup.singleton.next())
            self.workload = result.workload
            self.series.note(result.failures)
            return result
        } catch {
            throw BenchError("\(self.server.name) cannot be reached: \(error)")
        }
    }
}

/// Both or nothing.
private func zip<A, B>(_ left: A?, _ right: B?) -> (A, B)? {
    guard let left, let right else { return nil }
    return (left, right)
}
