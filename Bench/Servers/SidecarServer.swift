extension TestServer {
    /// Starts `mintmark upstream serve` as a user would, on a port of its own choice.
    ///
    /// - Parameter chosen: its upstreams, as `--set` takes them.
    static func sidecar(_ settings: BenchSettings, _ chosen: [String], output: String) async throws(BenchError) -> TestServer {
        let chosen = chosen + ["server.port=0", "server.max_processors=\(settings.loops)", "logging.level=notice"]
        let process = try ChildProcess(settings.program, ["upstream", "serve"] + chosen.flatMap { ["--set", $0] }, output: output)
        let port = try await process.wait(for: { self.publicPort(in: $0) })
        try await FreePort.wait(until: port, acceptsFor: process)
        return TestServer(name: "sidecar", port: port, process: process)
    }
}
