/// What one client that sends forged signatures costs the others. Both loads have one connection that the honest ones
/// share the server with; in the baseline it is as honest as they are.
struct FloodJob: Job {
    let name = "flood"
    let summary = "forged signatures from one connection while the others authenticate"

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let server = try await TestServer.mintmark(settings, data: folder.subfolder("flood"), in: folder)
        defer { server.stop() }
        let sessions = try await Sessions.make(100, from: 0, on: server, patience: .seconds(60))
        let calm = Contestant(server, Authenticate(sessions.access), connections: settings.connections)
        let flooded = Contestant(server, Flood(sessions.access), connections: settings.connections)
        try await alternate([calm, flooded], settings)

        let honest = await Self.p99(flooded.latencies.map { $0[0] })
        let undisturbed = await Self.p99(calm.latencies.map { $0[0] })
        let forged = await flooded.latencies.reduce(0) { $0 + $1[1].count }
        let seconds = settings.turn / .seconds(1) * Double(settings.rounds)
        var row = Row(
            job: "p99 of \(settings.connections - 1) connections while one floods",
            result: "\(Text.time(nanoseconds: honest)), \(Text.number(Double(forged) / seconds)) forged/s answered",
            baseline: "without the flood \(Text.time(nanoseconds: undisturbed))")
        row.ratio = undisturbed > 0 ? honest / undisturbed : nil
        return [row.with(failures: await calm.series.failures).with(failures: await flooded.series.failures)]
    }

    private static func p99(_ turns: [Histogram]) -> Double {
        Spread(turns.map { Double($0.quantile(0.99)) }).median
    }
}
