import Logging
import TokenCore
import Valkey
import ValkeyStore

/// A Valkey with a pool of ours in the first database, and copies of its rows: one for `redis-benchmark`, and one that every turn begins with.
struct PoolServer: Sendable {
    let server: TestServer
    let store: ValkeyStore
    /// Where `redis-benchmark` works.
    let other: ValkeyClient
    private let client: ValkeyClient
    private let pristine: ValkeyClient
    /// The two scripts of a cycle, which the server has been given.
    let assign: String
    let hold: String

    static let otherDatabase = 1
    private static let pristineDatabase = 2

    init(_ server: TestServer) async throws(BenchError) {
        self.server = server
        self.client = server.client()
        self.other = server.client(database: Self.otherDatabase)
        self.pristine = server.client(database: Self.pristineDatabase)
        do {
            self.store = try await ValkeyStore.open(self.client)
            self.assign = try await ValkeyScript(PoolScript.assign, loadingInto: self.client).digest
            self.hold = try await ValkeyScript(PoolScript.hold, loadingInto: self.client).digest
            _ = try await self.store.perform(.create(PoolCycles.policy), in: .usual, now: PoolCycles.now, seed: 1)
            for start in stride(from: 0, to: PoolCycles.tokens, by: PoolVerb.mostAdded) {
                let tokens = (start..<start + PoolVerb.mostAdded).map(PoolCycles.token)
                _ = try await self.store.perform(.add(tokens), in: .usual, now: PoolCycles.now, seed: 1)
            }
        } catch {
            throw BenchError("the store cannot be opened or filled: \(error)")
        }
        try await self.copy(from: self.client, to: Self.pristineDatabase)
    }

    /// Begins anew: every token is free, in its first order.
    func clear() async throws(BenchError) {
        let _: RESPToken = try await self.other.ask("FLUSHDB", "SYNC")
        for database in [0, Self.otherDatabase] { try await self.copy(from: self.pristine, to: database) }
        let _: RESPToken = try await self.other.ask("SET", ValkeyKey(PoolCycles.keys[0]), ValkeyKey(Commits.mark))
    }

    /// How many tokens are free for `redis-benchmark`.
    func free() async throws(BenchError) -> Int { try await self.other.ask("ZCARD", ValkeyKey(PoolCycles.freeTokens)) }

    /// `redis-benchmark` with words of its own database, over two connections as the client of the store has them.
    func benchmark(_ words: [String], _ last: String, inFlight: Int) -> RedisBenchmark {
        RedisBenchmark(
            words: words, last: Array(last.utf8), port: self.server.port, database: Self.otherDatabase, connections: 2, pipeline: inFlight / 2)
    }

    private func copy(from client: ValkeyClient, to database: Int) async throws(BenchError) {
        for key in PoolCycles.keys {
            let _: RESPToken = try await client.ask("COPY", ValkeyKey(key), ValkeyKey(key), "DB", ValkeyKey(String(database)), "REPLACE")
        }
    }

    /// Ends the connections; the server goes on.
    func shutDown() { for client in [self.client, self.other, self.pristine] { client.shutdown() } }
}

/// `LeasePool.perform` from many tasks of this process: each takes a token out and gives it back, again and again.
actor PoolContestant: Runner {
    private let pools: PoolServer
    private let tasks: Int
    private(set) var turns: [CommitTurn] = []

    /// - Parameter tasks: how many at the same time.
    init(_ pools: PoolServer, tasks: Int) {
        self.pools = pools
        self.tasks = tasks
    }

    func turn(_ settings: BenchSettings) async throws(BenchError) {
        try await self.pools.clear()
        _ = try await self.run(settings.warmUp)
        self.turns.append(try await .measured(of: self.pools.server) { () throws(BenchError) in try await self.run(settings.turn) })
    }

    /// - Returns: how many cycles were made.
    private func run(_ duration: Duration) async throws(BenchError) -> Int {
        let store = self.pools.store
        return try await repeated(for: duration, by: self.tasks) { _, _ in try await PoolCycles.one(in: store) }
    }
}

/// The same two scripts from `redis-benchmark`, one after the other, because it cannot use what a reply says: many are assigned, then some of those
/// are given back. What is drawn twice is refused the second time, which is quicker: a few in a hundred, in the favour of this side.
actor PoolBaseline: Runner {
    private let pools: PoolServer
    private let assign, release: RedisBenchmark
    private let folder: WorkFolder
    private(set) var turns: [CommitTurn] = []

    init(_ pools: PoolServer, inFlight: Int, in folder: WorkFolder) {
        self.pools = pools
        self.folder = folder
        self.assign = pools.benchmark(PoolCycles.assignWords(pools.assign), "", inFlight: inFlight)
        self.release = pools.benchmark(PoolCycles.releaseWords(pools.hold), "", inFlight: inFlight)
    }

    func turn(_ settings: BenchSettings) async throws(BenchError) {
        try await self.pools.clear()
        // It is told how many, not how long: the warm-up says how many that is.
        let rate = try await self.assign.run(2000, in: self.folder)
        let count = min(PoolCycles.tokens * 9 / 10, max(4000, Int(rate * (settings.turn / .seconds(1)))))
        try await self.pools.clear()
        let assigned = try await self.assign.run(count, in: self.folder)
        let left = try await self.pools.free()
        let given = count / 8
        var some = self.release
        some.range = count
        let released = try await some.run(given, in: self.folder)
        let back = try await self.pools.free() - left
        // It ends with whole pipelines: what was in flight may come on top.
        guard (0...self.assign.connections * self.assign.pipeline).contains(PoolCycles.tokens - count - left), Double(back) > 0.9 * Double(given)
        else {
            throw BenchError("redis-benchmark asked for \(count) tokens, \(left) are left; of \(given) given back \(back) were")
        }
        self.turns.append(CommitTurn(perSecond: 1 / (1 / assigned + 1 / released)))
    }
}

/// What a pool without rules costs: `ZPOPMIN` and `ZADD`, from `redis-benchmark`.
actor BareBaseline: Runner {
    private let pools: PoolServer
    private let take, giveBack: RedisBenchmark
    private let folder: WorkFolder
    private(set) var turns: [CommitTurn] = []

    init(_ pools: PoolServer, inFlight: Int, in folder: WorkFolder) {
        self.pools = pools
        self.folder = folder
        self.take = pools.benchmark(["ZPOPMIN"], PoolCycles.freeTokens, inFlight: inFlight)
        self.giveBack = pools.benchmark(
            ["ZADD", PoolCycles.freeTokens, RedisBenchmark.anyNumber], "0000" + RedisBenchmark.anyNumber, inFlight: inFlight)
    }

    func turn(_ settings: BenchSettings) async throws(BenchError) {
        try await self.pools.clear()
        let count = PoolCycles.tokens * 9 / 10
        let taken = try await self.take.run(count, in: self.folder)
        let back = try await self.giveBack.run(count, in: self.folder)
        self.turns.append(CommitTurn(perSecond: 1 / (1 / taken + 1 / back)))
    }
}
