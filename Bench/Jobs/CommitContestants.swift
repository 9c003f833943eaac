import Logging
import TokenCore
import Valkey
import ValkeyStore

/// A Valkey with a store of ours in one database, and in another nothing but the mark that the commit script wants to see.
struct CommitServer: Sendable {
    let server: TestServer
    let client: ValkeyClient
    let store: ValkeyStore
    /// The mark of the partition that all batches of one partition go to.
    private let mark: ValkeyKey
    /// The other database.
    let other: ValkeyClient
    /// The commit script, which the server has been given.
    let digest: String

    /// The second database, which is not a store.
    static let otherDatabase = 1
    private static let marker: ValkeyKey = "{m}M"

    init(_ server: TestServer) async throws(BenchError) {
        self.server = server
        self.client = server.client()
        self.other = server.client(database: Self.otherDatabase)
        do {
            self.store = try await ValkeyStore.open(self.client)
            self.digest = try await ValkeyScript(CommitScript.source, loadingInto: self.client).digest
        } catch {
            throw BenchError("the store cannot be opened: \(error)")
        }
        self.mark = try await self.client.ask("GET", Self.marker)
        let _: RESPToken = try await self.other.ask("SET", Self.marker, ValkeyKey(Commits.mark))
    }

    /// Removes every record, so that all turns begin alike.
    func clear() async throws(BenchError) {
        for (client, mark) in [(self.client, self.mark), (self.other, ValkeyKey(Commits.mark))] {
            let _: RESPToken = try await client.ask("FLUSHDB", "SYNC")
            for partition in 0..<Commits.partitions {
                let _: RESPToken = try await client.ask("SET", ValkeyKey("{m\(String(partition, radix: 36))}M"), mark)
            }
            let _: RESPToken = try await client.ask("SET", Self.marker, mark)
        }
    }

    /// Ends the connections; the server goes on.
    func shutDown() {
        self.client.shutdown()
        self.other.shutdown()
    }
}

/// What one turn of commits came to.
struct CommitTurn: Sendable {
    var perSecond: Double
    /// Processor time of the server per commit, in microseconds.
    var serverCPU: Double?
    /// Processor time of this process per commit, in microseconds; 0 where another one was the client.
    var clientCPU = 0.0
}

/// `ValkeyStore.commit` from many tasks of this process.
actor CommitContestant: Runner {
    private let server: CommitServer
    private let commits: Commits
    private let tasks: Int
    private(set) var turns: [CommitTurn] = []

    /// - Parameter tasks: how many commit at the same time, each one after the other.
    init(_ server: CommitServer, _ kind: Commits.Kind, tasks: Int) {
        self.server = server
        self.commits = Commits(kind: kind, now: UnixTime(milliseconds: Machine.milliseconds))
        self.tasks = tasks
    }

    func turn(_ settings: BenchSettings) async throws(BenchError) {
        try await self.server.clear()
        _ = try await self.run(settings.warmUp, from: 1 << 40)
        self.turns.append(try await .measured(of: self.server.server) { () throws(BenchError) in try await self.run(settings.turn, from: 0) })
    }

    private func run(_ duration: Duration, from first: UInt64) async throws(BenchError) -> Int {
        let (store, commits, tasks) = (self.server.store, self.commits, self.tasks)
        return try await repeated(for: duration, by: tasks) { task, count in
            try await store.commit(commits.batch(first + UInt64(count * tasks + task)))
        }
    }
}

/// Does something again and again in so many tasks of this process until the time is over.
///
/// - Parameter body: gets the number of its task, and how often that has done it.
/// - Returns: how often it was done.
func repeated(
    for duration: Duration, by tasks: Int, _ body: @escaping @Sendable (_ task: Int, _ count: Int) async throws -> Void
) async throws(BenchError) -> Int {
    let end = ContinuousClock.now + duration
    do {
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    var count = 0
                    while ContinuousClock.now < end {
                        try await body(task, count)
                        count += 1
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
    } catch {
        throw BenchError("it failed under way: \(error)")
    }
}

extension CommitTurn {
    /// The turn that a body was.
    ///
    /// - Parameter body: says how often it was done.
    static func measured(
        of server: TestServer, isolation: isolated (any Actor)? = #isolation, _ body: () async throws(BenchError) -> Int
    ) async throws(BenchError) -> CommitTurn {
        let figures = server.process.figures
        let (cpu, own, start) = (figures.cpu, Machine.ownCPU, ContinuousClock.now)
        let done = Double(max(1, try await body()))
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let spent = total([figures.cpu, cpu.map(-)]).map { $0 / done }
        return CommitTurn(perSecond: done / elapsed, serverCPU: spent, clientCPU: (Machine.ownCPU - own) / done)
    }
}

/// The same commits from `redis-benchmark`.
actor CommitBaseline: Runner {
    private let server: CommitServer
    private let benchmark: RedisBenchmark
    private let folder: WorkFolder
    private(set) var turns: [CommitTurn] = []

    /// - Parameter inFlight: over two connections, as the client of the store has them.
    init(_ server: CommitServer, inFlight: Int, in folder: WorkFolder) {
        let (words, last) = Commits.words(digest: server.digest)
        self.server = server
        self.folder = folder
        self.benchmark = RedisBenchmark(
            words: words, last: last, port: server.server.port, database: CommitServer.otherDatabase, connections: 2, pipeline: inFlight / 2)
    }

    func turn(_ settings: BenchSettings) async throws(BenchError) {
        try await self.server.clear()
        // It is told how many, not how long: the warm-up says how many that is.
        let rate = try await self.benchmark.run(2000, in: self.folder)
        let count = max(1000, Int(rate * (settings.turn / .seconds(1))))
        try await self.server.clear()
        let figures = self.server.server.process.figures
        let before = figures.cpu
        let perSecond = try await self.benchmark.run(count, in: self.folder)
        let cpu = total([figures.cpu, before.map(-)]).map { $0 / Double(count) }
        self.turns.append(CommitTurn(perSecond: perSecond, serverCPU: cpu))
        try await self.check(count)
    }

    /// Every command has written a session and an index, but where two drew the same number; a script that refused wrote nothing.
    private func check(_ count: Int) async throws(BenchError) {
        let keys: Int = try await self.server.other.ask("DBSIZE")
        let written = (keys - Commits.partitions - 1) / 2
        guard Double(written) > Double(count) * 0.99 else {
            throw BenchError("redis-benchmark asked for \(count) commits and \(written) were made")
        }
    }
}
