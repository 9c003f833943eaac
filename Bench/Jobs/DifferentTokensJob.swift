/// `GET /authenticate` with many different tokens: each for the first time (nothing is cached yet), then in rotation.
struct DifferentTokensJob: Job {
    let name = "different-tokens"
    let summary = "authenticate with 100,000 different tokens, uncached and in rotation"

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let hello = try await TestServer.hello(loops: settings.loops, in: folder)
        defer { hello.stop() }
        let data = folder.subfolder("tokens")
        let sessions = try await self.fill(settings, data: data, in: folder)
        // A new process has verified nothing yet.
        let server = try await TestServer.mintmark(settings, data: data, in: folder)
        defer { server.stop() }

        let uncached = Contestant(server, Authenticate(sessions.access, once: true), connections: settings.connections)
        try await uncached.turn(settings.patience)
        let floor = Contestant(hello, Hello(), connections: settings.connections)
        let rotation = Contestant(server, Authenticate(sessions.access), connections: settings.connections)
        try await alternate([floor, rotation], settings)
        let baseline = await floor.series
        let number = Text.number(Double(sessions.count))
        return [
            self.row("GET /authenticate, \(number) tokens in rotation", await rotation.series, baseline),
            self.row("GET /authenticate, \(number) tokens, each for the first time", await uncached.series, baseline),
        ]
    }

    private func fill(_ settings: BenchSettings, data: String, in folder: WorkFolder) async throws(BenchError) -> Sessions {
        let server = try await TestServer.mintmark(settings, data: data, in: folder)
        defer { server.stop() }
        return try await .make(settings.differentTokens, from: 0, on: server, patience: settings.patience)
    }

    private func row(_ job: String, _ series: Series, _ floor: Series) -> Row {
        let rate = floor.median(\.perSecond)
        var row = Row(job: job, result: Text.series(series), baseline: "hello \(Text.number(rate))/s")
        row.ratio = rate > 0 ? series.median(\.perSecond) / rate : nil
        return row.with(failures: series.failures)
    }
}
