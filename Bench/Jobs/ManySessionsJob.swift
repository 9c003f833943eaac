/// The same mixed load, at one fixed rate, on an empty store and on one with a million live sessions.
struct ManySessionsJob: Job {
    let name = "many-sessions"
    let summary = "an empty store and one with 1,000,000 live sessions at one fixed rate"

    /// Access tokens that take turns, on both sides the same number: how well they are cached is not the question here.
    private static let tokensInTurn = 1000
    /// Sessions of the large store that are refreshed, evenly spread over it, so that the pages they are on are too.
    private static let refreshedSessions = 20_000

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let data = folder.subfolder("many")
        let (sessions, fill) = try await self.fill(settings, data: data, in: folder)
        let start = ContinuousClock.now
        let large = try await TestServer.mintmark(settings, data: data, in: folder)
        defer { large.stop() }
        let ready = (ContinuousClock.now - start).nanoseconds
        let empty = try await TestServer.mintmark(settings, data: folder.subfolder("empty"), in: folder)
        defer { empty.stop() }
        let few = try await Sessions.make(Self.tokensInTurn, from: 0, on: empty, patience: .seconds(60))

        let onLarge = self.mixed(settings, large, sessions, firstUser: sessions.count)
        let onEmpty = self.mixed(settings, empty, few, firstUser: few.count)
        for _ in 0..<settings.fixedRateRounds {
            try await self.turn(onEmpty, settings)
            try await self.turn(onLarge, settings)
        }
        var rows = [fill]
        rows += self.latencyRows(settings, await onLarge.latencies, await onEmpty.latencies, sessions: sessions.count)
        let peak = large.process.figures.residentPeak.map { Double($0) / 1_048_576 }
        rows.append(.bound("many sessions: most memory of the server", peak, unit: "MiB", .atMost(200)))
        rows.append(.bound("many sessions: ready after", Double(ready) / 1e9, unit: "s", .atMost(2)))
        let failures = await onLarge.series.failures.merging(await onEmpty.series.failures, uniquingKeysWith: +)
        return rows.map { $0.with(failures: failures) }
    }

    private func fill(
        _ settings: BenchSettings, data: String, in folder: WorkFolder
    ) async throws(BenchError) -> (Sessions, Row) {
        let server = try await TestServer.mintmark(settings, data: data, in: folder)
        defer { server.stop() }
        let keepEvery = max(1, settings.manySessions / Self.refreshedSessions)
        let sessions = try await Sessions.make(
            settings.manySessions, from: 0, keepEvery: keepEvery, on: server, patience: settings.patience)
        let size = Double(WorkFolder.size(of: data))
        let number = Double(sessions.count)
        let seconds = Text.number(Double(sessions.elapsed) / 1e9)
        var row = Row(
            job: "many sessions: filling the store",
            result: "\(Text.number(number)) sessions in \(seconds) s, \(Text.number(size / number)) bytes each on disk")
        if sessions.count < settings.manySessions {
            row.result += " (of \(Text.number(Double(settings.manySessions))): time was up; FULL=1 waits)"
        }
        return (sessions, row)
    }

    private func mixed(
        _ settings: BenchSettings, _ server: TestServer, _ sessions: Sessions, firstUser: Int
    ) -> Contestant<Mixed> {
        var tokens = TokenTable(longest: TokenTable.longestAccess)
        for index in 0..<min(Self.tokensInTurn, sessions.access.count) {
            _ = sessions.access[index].withUnsafeBytes { tokens.append($0) }
        }
        let mixed = Mixed(
            authenticate: Authenticate(tokens), login: Login(from: firstUser), refresh: Refresh(sessions.refresh))
        return Contestant(server, mixed, connections: settings.connections)
    }

    private func turn(_ contestant: Contestant<Mixed>, _ settings: BenchSettings) async throws(BenchError) {
        // Half a second at least: the first pass over the tokens is not cached.
        let warmUp = max(settings.warmUp, .seconds(Double(Self.tokensInTurn * 2) / settings.rate))
        try await contestant.turn(settings.fixedRateTurn, warmUp: warmUp, pace: .fixed(perSecond: settings.rate))
    }

    private func latencyRows(
        _ settings: BenchSettings, _ large: [[Histogram]], _ empty: [[Histogram]], sessions: Int
    ) -> [Row] {
        let kinds = ["authenticate", "login", "refresh"]
        return kinds.indices.flatMap { kind in
            [("p50", 0.5, 1.2), ("p99", 0.99, 1.6)].map { name, part, bound in
                let many = Spread(large.map { Double($0[kind].quantile(part)) })
                let none = Spread(empty.map { Double($0[kind].quantile(part)) })
                return Row.ratio(
                    "\(Text.number(Double(sessions))) sessions, \(kinds[kind]) \(name) at \(Text.number(settings.rate))/s",
                    Text.times(many), many.median, to: none.median, "empty \(Text.times(none))", .atMost(bound))
            }
        }
    }
}
