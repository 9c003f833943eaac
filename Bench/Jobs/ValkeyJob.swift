/// The shared store: commits beside `redis-benchmark`, logins and refreshes with one and with three instances, and
/// `/authenticate` beside the embedded store, which it must not be told from.
struct ValkeyJob: Job {
    let name = "valkey"
    let summary = "the shared store: commits, and the session requests with 1 and 3 instances"

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let commits = try await CommitsJob.contest(settings, in: folder)
        return commits + (try await self.requests(settings, in: folder))
    }

    private func requests(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let servers = try await SharedServers(settings, in: folder)
        defer { servers.stop() }
        let hello = Contestant(servers.hello, Hello(), connections: settings.connections)
        let embedded = Contestant(servers.embedded, Authenticate(try await Self.oneToken(servers.embedded)), connections: settings.connections)
        let one = try await InstancesContest(Array(servers.instances.prefix(1)), beside: [servers.valkey], firstUser: 0, settings)
        let three = try await InstancesContest(servers.instances, beside: [servers.valkey], firstUser: 10_000_000, settings)
        try await alternate([hello, embedded, one.authenticate] + one.issuing + three.issuing, settings)

        let floor = await hello.series
        var rows = [Row(job: "hello (bare NIOHTTP1), beside the shared store", result: Text.series(floor)).with(failures: floor.failures)]
        rows += Self.authenticateRows(await one.authenticate.series, await embedded.series)
        for contest in [one, three] {
            let instances = contest.count == 1 ? "1 instance" : "\(contest.count) instances"
            for (request, series) in [("POST /login", await contest.login.series), ("POST /refresh", await contest.refresh.series)] {
                rows.append(Self.issuingRow("\(request), shared store, \(instances)", series, floor))
            }
        }
        return rows
    }

    private static func authenticateRows(_ shared: Series, _ embedded: Series) -> [Row] {
        let rate = Row.ratio(
            "GET /authenticate, shared store", Text.series(shared), shared.median(\.perSecond), to: embedded.median(\.perSecond),
            "embedded store \(Text.series(embedded))", .atLeast(0.95))
        return [rate.with(failures: shared.failures).with(failures: embedded.failures)]
    }

    private static func issuingRow(_ job: String, _ series: Series, _ floor: Series) -> Row {
        let valkey = series.besides(0).map { ", Valkey \(Text.number($0)) µs CPU" } ?? ""
        let cpu = floor.median(\.cpu).map { ", \(Text.number($0)) µs CPU" } ?? ""
        var row = Row(job: job, result: Text.series(series) + valkey, baseline: "hello \(Text.number(floor.median(\.perSecond)))/s" + cpu)
        row.ratio = floor.median(\.perSecond) > 0 ? series.median(\.perSecond) / floor.median(\.perSecond) : nil
        return row.with(failures: series.failures)
    }

    /// The access token of a session of its own.
    static func oneToken(_ server: TestServer) async throws(BenchError) -> TokenTable {
        try await Sessions.make(1, from: 999_999_999, on: server, patience: .seconds(60)).access
    }
}

/// The session requests that some instances of one store answer, in turns.
struct InstancesContest: Sendable {
    let count: Int
    let authenticate: Contestant<Authenticate>
    let login: Contestant<Login>
    let refresh: Contestant<Refresh>

    /// Those that make or change sessions.
    var issuing: [any Runner] { [self.login, self.refresh] }

    /// Sessions that are refreshed in turn.
    private static let sessions = 1000

    /// - Parameters:
    ///   - balancer: what stands before the instances; without, the connections are dealt to them.
    ///   - others: what is measured beside them.
    ///   - firstUser: ten million numbers from there on are the contest's own.
    init(
        _ instances: [TestServer], behind balancer: TestServer? = nil, beside others: [TestServer], firstUser: Int, _ settings: BenchSettings
    ) async throws(BenchError) {
        self.count = instances.count
        let sessions = try await Sessions.make(Self.sessions, from: firstUser, on: instances[0], patience: .seconds(60))
        var token = TokenTable(longest: TokenTable.longestAccess)
        _ = sessions.access[0].withUnsafeBytes { token.append($0) }
        let connections = settings.connections
        self.authenticate = Contestant(instances, behind: balancer, beside: others, Authenticate(token), connections: connections)
        self.login = Contestant(instances, behind: balancer, beside: others, Login(from: firstUser + Self.sessions), connections: connections)
        self.refresh = Contestant(instances, behind: balancer, beside: others, Refresh(sessions.refresh), connections: connections)
    }
}

/// Everything that takes turns in the comparison of the stores.
private struct SharedServers {
    let hello: TestServer
    let embedded: TestServer
    let valkey: TestServer
    let instances: [TestServer]

    init(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) {
        var started: [TestServer] = []
        do throws(BenchError) {
            self.hello = try await .hello(loops: settings.loops, in: folder)
            started.append(self.hello)
            self.embedded = try await .mintmark(settings, data: folder.subfolder("embedded"), in: folder)
            started.append(self.embedded)
            self.valkey = try await .valkey(keepsFile: true, named: "shared", in: folder)
            started.append(self.valkey)
            self.instances = try await TestServer.instances(3, of: self.valkey, settings, in: folder)
        } catch {
            for server in started { server.stop() }
            throw error
        }
    }

    func stop() {
        for server in self.instances + [self.hello, self.embedded, self.valkey] { server.stop() }
    }
}
