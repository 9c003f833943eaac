/// The everyday requests beside the hello servers, turn by turn.
struct HotPathJob: Job {
    let name = "hot-path"
    let summary = "authenticate, login and refresh beside two hello servers"

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let servers = try await Servers(settings, in: folder)
        defer { servers.stop() }
        let sessions = try await Sessions.make(1000, from: 0, on: servers.mintmark, patience: .seconds(60))
        var oneToken = TokenTable(longest: TokenTable.longestAccess)
        _ = sessions.access[0].withUnsafeBytes { oneToken.append($0) }

        let hello = Contestant(servers.hello, Hello(), connections: settings.connections)
        let nginx = servers.nginx.map { Contestant($0, Hello(), connections: settings.connections) }
        let authenticate = Contestant(servers.mintmark, Authenticate(oneToken), connections: settings.connections)
        let login = Contestant(servers.mintmark, Login(from: 1_000_000), connections: settings.connections)
        let refresh = Contestant(servers.mintmark, Refresh(sessions.refresh), connections: settings.connections)
        var inTurn: [any Runner] = [hello, authenticate, login, refresh]
        if let nginx { inTurn.append(nginx) }
        try await alternate(inTurn, settings)

        let floor = await hello.series
        var rows = [Row(job: "hello (bare NIOHTTP1)", result: Text.series(floor)).with(failures: floor.failures)]
        rows.append(await self.nginxRow(nginx, error: servers.nginxError))
        rows += self.authenticateRows(await authenticate.series, floor)
        rows += self.writeRows("POST /login", await login.series, floor)
        rows += self.writeRows("POST /refresh", await refresh.series, floor)
        rows.append(Row(job: "load driver", result: "\(Text.number(floor.median(\.driverCPU))) µs CPU per request"))
        return rows
    }

    private func nginxRow(_ nginx: Contestant<Hello>?, error: String) async -> Row {
        guard let series = await nginx?.series else {
            // Its row is only beside the others: without it the rest is as good as ever, so this is no failure.
            return Row(job: "hello (nginx)", result: "not measured: \(error)")
        }
        return Row(job: "hello (nginx)", result: Text.series(series)).with(failures: series.failures)
    }

    private func authenticateRows(_ series: Series, _ floor: Series) -> [Row] {
        let rate = Row.ratio(
            "GET /authenticate, one token", Text.series(series), series.median(\.perSecond),
            to: floor.median(\.perSecond), "hello \(Text.number(floor.median(\.perSecond)))/s", .atLeast(0.9))
        let p99 = series.median(\.p99)
        let floorP99 = floor.median(\.p99)
        let tail = Row.ratio(
            "GET /authenticate, p99", Text.time(nanoseconds: p99), p99, to: floorP99,
            "hello \(Text.time(nanoseconds: floorP99))", .atMost(1.5))
        return [rate.with(failures: series.failures), tail.with(failures: series.failures)]
    }

    private func writeRows(_ job: String, _ series: Series, _ floor: Series) -> [Row] {
        let rate = Row.ratio(
            job, Text.series(series), series.median(\.perSecond), to: floor.median(\.perSecond),
            "hello \(Text.number(floor.median(\.perSecond)))/s", .atLeast(0.3))
        let cpu = Row.bound("\(job), server CPU", series.median(\.cpu), unit: "µs", .atMost(70))
        return [rate.with(failures: series.failures), cpu.with(failures: series.failures)]
    }
}

/// The three servers that take turns.
private struct Servers {
    let hello: TestServer
    let mintmark: TestServer
    let nginx: TestServer?
    /// Why there is no nginx.
    let nginxError: String

    init(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) {
        self.hello = try await .hello(loops: settings.loops, in: folder)
        do throws(BenchError) {
            self.mintmark = try await .mintmark(settings, data: folder.subfolder("hot"), in: folder)
        } catch {
            self.hello.stop()
            throw error
        }
        do throws(BenchError) {
            self.nginx = try await .nginx(workers: settings.loops, in: folder)
            self.nginxError = ""
        } catch {
            self.nginx = nil
            self.nginxError = error.description
        }
    }

    func stop() {
        self.hello.stop()
        self.mintmark.stop()
        self.nginx?.stop()
    }
}
