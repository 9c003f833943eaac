/// A session is one row however often it is refreshed: the files must stop growing.
struct ManyRefreshesJob: Job {
    let name = "many-refreshes"
    let summary = "1,000,000 refreshes of 1,000 sessions, and the size of the files"

    private static let sessions = 1000
    private static let parts = 10
    /// What may still be added after the warm-up, as a part of the size then: the last page of a log, not a trend.
    private static let tolerance = 1.02

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let data = folder.subfolder("refreshes")
        let server = try await TestServer.mintmark(settings, data: data, in: folder)
        defer { server.stop() }
        let sessions = try await Sessions.make(Self.sessions, from: 0, on: server, patience: .seconds(60))
        let refresh = Contestant(server, Refresh(sessions.refresh), connections: settings.connections)

        var sizes: [Int] = []
        let start = ContinuousClock.now
        for _ in 0..<Self.parts {
            let left = settings.patience - (ContinuousClock.now - start)
            guard left > .zero else { break }
            try await refresh.turn(left, limit: settings.manyRefreshes / Self.parts)
            sizes.append(WorkFolder.size(of: data))
        }
        let done = await refresh.latencies.reduce(0) { $0 + Int($1[0].count) }
        return [self.row(settings, sizes, done: done).with(failures: await refresh.series.failures)]
    }

    /// The first fifth is the warm-up; the largest size after it counts.
    private func row(_ settings: BenchSettings, _ sizes: [Int], done: Int) -> Row {
        let warm = Double(sizes.prefix(2).last ?? 0)
        let largest = Double(sizes.dropFirst(2).max() ?? 0)
        var row = Row.ratio(
            "\(Text.number(Double(done))) refreshes of \(Text.number(Double(Self.sessions))) sessions: files",
            "\(Text.mebibytes(largest))", largest, to: warm, "after warm-up \(Text.mebibytes(warm))",
            .atMost(Self.tolerance))
        if largest == 0 { row.failures.append("too few turns, or no files in the data folder") }
        if done < settings.manyRefreshes {
            row.result += " (of \(Text.number(Double(settings.manyRefreshes))) refreshes: time was up; FULL=1 waits)"
        }
        return row
    }
}
