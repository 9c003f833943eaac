/// The sidecar beside the hello server, turn by turn: what a program waits for that asks for its token before every call.
struct SidecarContest {
    private static let upstream = "bench"
    private static let token = UpstreamsJob.opaque

    /// - Throws: if a server cannot be started. Wrong answers are failures in the row.
    func rows(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let hello = try await TestServer.hello(loops: settings.loops, in: folder)
        defer { hello.stop() }
        // A file needs no issuer. It says how long the token lasts, so that the answer changes every second.
        let file = "token.json"
        try folder.write(#"{"access_token":"\#(Self.token)","expires_in":86400}"#, to: file)
        let sidecar = try await TestServer.sidecar(
            settings,
            [
                "upstreams.\(Self.upstream).source=file", "upstreams.\(Self.upstream).path=\(folder.path)/\(file)",
                "upstreams.\(Self.upstream).allow=loopback",
            ], output: folder.subfolder("sidecar.log"))
        defer { sidecar.stop() }
        let floor = Contestant(hello, Hello(), connections: settings.connections)
        let asked = Contestant(sidecar, UpstreamToken(of: Self.upstream, is: Self.token), connections: settings.connections)
        try await alternate([floor, asked], settings)
        return self.rows(await asked.series, await floor.series)
    }

    private func rows(_ series: Series, _ floor: Series) -> [Row] {
        let ends = floor.spread(\.perSecond)
        let baseline = "hello \(Text.number(ends.median))/s (\(Text.number(ends.lowest))..\(Text.number(ends.highest)))"
        let rate = Row.ratio(
            "GET /upstreams/NAME/token of a sidecar", Text.series(series), series.median(\.perSecond), to: floor.median(\.perSecond), baseline,
            .atLeast(0.8))
        let tail = Row(
            job: "GET /upstreams/NAME/token, p99", result: Text.time(nanoseconds: series.median(\.p99)),
            baseline: "hello \(Text.time(nanoseconds: floor.median(\.p99)))")
        return [rate.with(failures: series.failures.merging(floor.failures, uniquingKeysWith: +)), tail]
    }
}
