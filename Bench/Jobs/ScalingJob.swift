/// 1, 2 and 4 instances behind nginx as deploy/ has it: what a request costs each of the processes that it passes.
struct ScalingJob: Job {
    let name = "scaling"
    let summary = "1, 2 and 4 instances of one store behind nginx"
    let isExtra = true

    private static let counts = [1, 2, 4]

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let valkey = try await TestServer.valkey(keepsFile: true, named: "scaling", in: folder)
        defer { valkey.stop() }
        let instances = try await TestServer.instances(Self.counts.max() ?? 1, of: valkey, settings, in: folder)
        defer { for instance in instances { instance.stop() } }
        var balancers: [TestServer] = []
        defer { for balancer in balancers { balancer.stop() } }
        var contests: [InstancesContest] = []
        for (index, count) in Self.counts.enumerated() {
            let some = Array(instances.prefix(count))
            let balancer = try await TestServer.balancer(of: some, in: folder)
            balancers.append(balancer)
            contests.append(try await InstancesContest(some, behind: balancer, beside: [valkey], firstUser: index * 10_000_000, settings))
        }
        try await alternate(contests.flatMap { [$0.authenticate] + $0.issuing }, settings)
        var rows: [Row] = []
        for contest in contests { rows += await Self.rows(contest) }
        return rows
    }

    private static func rows(_ contest: InstancesContest) async -> [Row] {
        let all = [
            ("GET /authenticate", await contest.authenticate.series), ("POST /login", await contest.login.series),
            ("POST /refresh", await contest.refresh.series),
        ]
        return all.map { request, series in
            let besides = zip(["nginx", "Valkey"], [series.besides(0), series.besides(1)])
            let text = besides.map { ", \($0) \($1.map { Text.number($0) } ?? "n/a") µs" }.joined()
            return Row(job: "\(request), nginx and \(contest.count)", result: Text.series(series) + text).with(failures: series.failures)
        }
    }
}
