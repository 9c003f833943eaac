extension TestServer {
    /// Starts `mintmark serve` as a user would, on ports of its own choice.
    ///
    /// - Parameter data: its data folder; made if it does not exist, kept when it ends.
    static func mintmark(
        _ settings: BenchSettings, data: String, in folder: WorkFolder
    ) async throws(BenchError) -> TestServer {
        try await self.mintmark(settings, chosen: ["store.path=\(data)"], output: data + ".log")
    }

    /// Starts instances that share a store.
    static func instances(_ count: Int, of valkey: TestServer, _ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError)
        -> [TestServer]
    {
        let seal = folder.subfolder("seal")
        _ = try await ChildProcess(settings.program, ["keys", "new-seal"], output: seal).finished(upTo: .seconds(10))
        let chosen = [
            "store.url=valkey://127.0.0.1:\(valkey.port)", "keys.seal_file=\(seal)", "admin.token_file=\(folder.subfolder("admin.token"))",
            // The balancer's header tells of a proxy.
            "login.require=none",
        ]
        var instances: [TestServer] = []
        do throws(BenchError) {
            for number in 1...count {
                instances.append(try await self.mintmark(settings, chosen: chosen, output: folder.subfolder("instance-\(number).log")))
            }
        } catch {
            for instance in instances { instance.stop() }
            throw error
        }
        return instances
    }

    private static func mintmark(_ settings: BenchSettings, chosen: [String], output: String) async throws(BenchError) -> TestServer {
        let chosen =
            chosen + [
                "server.port=0", "admin.port=0", "server.max_processors=\(settings.loops)",
                // Tokens outlive a restart that changes the port, and the longest job.
                "auth.issuer=http://localhost", "auth.access_lifetime=6h",
                // A request is not logged at this level; start and end are.
                "logging.level=notice",
            ]
        let arguments = ["serve"] + chosen.flatMap { ["--set", $0] }
        let process = try ChildProcess(settings.program, arguments, output: output)
        let port = try await process.wait(for: { self.publicPort(in: $0) })
        try await FreePort.wait(until: port, acceptsFor: process)
        return TestServer(name: "mintmark", port: port, process: process)
    }
}

/// Sessions of a running server, made by logging in.
struct Sessions: Sendable {
    var access: TokenTable
    var refresh: TokenTable
    var count: Int
    /// How long that took.
    var elapsed: UInt64

    /// Logs in as the subjects `first`, `first + 1`, … and keeps the tokens of every so many.
    ///
    /// - Throws: if a login is refused, or its answer is not understood.
    static func make(
        _ count: Int, from first: Int, keepEvery: Int = 1, on server: TestServer, patience: Duration
    ) async throws(BenchError) -> Sessions {
        let login = Login(from: first, keepEvery: keepEvery)
        let filler = Contestant(server, login, connections: min(32, count))
        let start = ContinuousClock.now
        try await filler.turn(patience, limit: count)
        let elapsed = (ContinuousClock.now - start).nanoseconds
        let failures = await filler.series.failures
        guard failures.isEmpty else { throw BenchError("logins went wrong: \(failures)") }
        let done = await filler.workload
        let made = await filler.latencies.reduce(0) { $0 + $1.reduce(0) { $0 + Int($1.count) } }
        return Sessions(access: done.access, refresh: done.refresh, count: made, elapsed: elapsed)
    }
}
