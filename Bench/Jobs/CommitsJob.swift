/// What one Valkey commits: a partition alone, all of them, one subject, revocations.
struct CommitsJob: Job {
    let name = "commits"
    let summary = "commits of one Valkey, by kind"
    let isExtra = true

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let valkey = try await TestServer.valkey(keepsFile: false, named: "commits", in: folder)
        defer { valkey.stop() }
        let server = try await CommitServer(valkey)
        defer { server.shutDown() }
        let contestants = Commits.Kind.allCases.map { CommitContestant(server, $0, tasks: Self.tasks) }
        try await alternate(contestants, settings)
        var rows: [Row] = []
        for (kind, contestant) in zip(Commits.Kind.allCases, contestants) {
            rows.append(Row(job: "commits: \(kind.words)", result: (await contestant.turns).text))
        }
        return rows
    }

    /// Commits on their way at the same time.
    static let tasks = 64

    /// The rows that every `make bench` has: ours beside `redis-benchmark`, which runs the same script with as many on their way.
    static func contest(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let valkey = try await TestServer.valkey(keepsFile: false, named: "contest", in: folder)
        defer { valkey.stop() }
        let server = try await CommitServer(valkey)
        defer { server.shutDown() }
        let ours = CommitContestant(server, .login, tasks: Self.tasks)
        let theirs = CommitBaseline(server, inFlight: Self.tasks, in: folder)
        try await alternate([ours, theirs], settings)
        let (mine, baseline) = (await ours.turns, await theirs.turns)
        return [
            .ratio(
                "ValkeyStore.commit, \(Self.tasks) tasks", mine.text, Spread(mine.map(\.perSecond)).median,
                to: Spread(baseline.map(\.perSecond)).median, "redis-benchmark \(baseline.text)", .atLeast(0.6))
        ]
    }

}

extension [CommitTurn] {
    /// How fast, from the slowest turn to the fastest, and what it cost.
    var text: String {
        let rate = Spread(map(\.perSecond))
        var text = "\(Text.number(rate.median))/s (\(Text.number(rate.lowest))..\(Text.number(rate.highest)))"
        let server = compactMap(\.serverCPU)
        if !server.isEmpty { text += ", Valkey \(Text.number(Spread(server).median)) µs CPU" }
        let client = Spread(map(\.clientCPU)).median
        if client > 0 { text += ", client \(Text.number(client)) µs CPU" }
        return text
    }
}

extension Commits.Kind {
    fileprivate var words: String {
        switch self {
        case .login: "logins in one partition"
        case .spreadLogin: "logins over all partitions"
        case .loginOfOneSubject: "logins of one subject"
        case .revocation: "revocations in one partition"
        case .spreadRevocation: "revocations over all partitions"
        }
    }
}
