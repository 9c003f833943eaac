import Valkey

/// Taking tokens out of a pool and giving them back: beside the hello server, and at one fixed rate in pools of very different sizes.
struct PoolsJob: Job {
    let name = "pools"
    let summary = "assign and unblock of pools of tokens, small and large, embedded and on Valkey"

    /// As many as leave a pool of ten a token or two.
    private static let connections = 8

    func run(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let embedded = try await self.onEmbedded(settings, in: folder)
        return embedded + (try await Self.contest(settings, in: folder)) + (try await self.onValkey(settings, in: folder))
    }

    /// Cycles on their way at the same time.
    private static let tasks = 64

    /// The store's two scripts from its client and from `redis-benchmark`, with as many on their way, and what a pool without rules would do.
    private static func contest(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let valkey = try await TestServer.valkey(keepsFile: false, named: "cycles", in: folder)
        defer { valkey.stop() }
        let pools = try await PoolServer(valkey)
        defer { pools.shutDown() }
        let ours = PoolContestant(pools, tasks: Self.tasks)
        let theirs = PoolBaseline(pools, inFlight: Self.tasks, in: folder)
        let bare = BareBaseline(pools, inFlight: Self.tasks, in: folder)
        try await alternate([ours, theirs, bare], settings)
        let (mine, baseline, without) = (await ours.turns, await theirs.turns, await bare.turns)
        return [
            .ratio(
                "pool: assign and unblock, Valkey, \(Self.tasks) tasks", mine.text, Spread(mine.map(\.perSecond)).median,
                to: Spread(baseline.map(\.perSecond)).median, "redis-benchmark \(baseline.text)", .atLeast(0.6)),
            Row(job: "ZPOPMIN and ZADD, redis-benchmark", result: without.text),
        ]
    }

    private func onEmbedded(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let hello = try await TestServer.hello(loops: settings.loops, in: folder)
        defer { hello.stop() }
        let data = folder.subfolder("pools")
        let server = try await TestServer.mintmark(settings, data: data, in: folder)
        defer { server.stop() }
        let filled = try await self.fill(server, settings) { Double(WorkFolder.size(of: data)) }
        let floor = Contestant(hello, Hello(), connections: settings.connections)
        let cycle = Contestant(server, PoolCycle(Self.pool(settings.poolSizes[1])), connections: settings.connections)
        try await alternate([floor, cycle], settings)
        let (theirs, ours) = (await floor.series, await cycle.series)
        let rate = Row.ratio(
            "pool: assign and unblock, embedded", Text.series(ours), ours.median(\.perSecond), to: theirs.median(\.perSecond),
            "hello \(Text.number(theirs.median(\.perSecond)))/s", .atLeast(0.25))
        return [rate.with(failures: ours.failures)] + filled + (try await self.sizes("embedded", [server], beside: [], settings))
    }

    private func onValkey(_ settings: BenchSettings, in folder: WorkFolder) async throws(BenchError) -> [Row] {
        let valkey = try await TestServer.valkey(keepsFile: true, named: "pools", in: folder)
        defer { valkey.stop() }
        let instances = try await TestServer.instances(1, of: valkey, settings, in: folder)
        defer { for instance in instances { instance.stop() } }
        let client = valkey.client()
        defer { client.shutdown() }
        let filled = try await self.fill(instances[0], settings) { () async throws(BenchError) in Double(try await client.usedMemory()) }
        return filled + (try await self.sizes("Valkey", instances, beside: [valkey], settings))
    }

    private static func pool(_ size: Int) -> String { "bench-\(size)" }

    /// Makes the pools.
    ///
    /// - Parameter used: what the store takes at the moment, in bytes.
    private func fill(
        _ server: TestServer, _ settings: BenchSettings, _ used: () async throws(BenchError) -> Double
    ) async throws(BenchError) -> [Row] {
        var rows: [Row] = []
        for size in settings.poolSizes {
            let before = try await used()
            let work = PoolFill(Self.pool(size), count: size)
            let filler = Contestant(server, work, connections: 1)
            let start = ContinuousClock.now
            try await filler.turn(.seconds(3600), limit: work.requests)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let failures = await filler.series.failures
            guard failures.isEmpty else { throw BenchError("filling a pool went wrong: \(failures)") }
            guard size > 10 else { continue }
            let each = (try await used() - before) / Double(size)
            let resident = server.process.figures.resident.map { ", server \(Text.mebibytes(Double($0)))" } ?? ""
            rows.append(
                Row(
                    job: "pool of \(Text.number(Double(size))): filling it",
                    result: "\(Text.number(Double(size) / seconds)) tokens/s, \(Text.number(each)) bytes each" + resident))
        }
        return rows
    }

    /// Cycles at one rate, half of what the smallest pool can do, in pools of every size.
    private func sizes(
        _ store: String, _ servers: [TestServer], beside: [TestServer], _ settings: BenchSettings
    ) async throws(BenchError) -> [Row] {
        let contestants = settings.poolSizes.map { size in
            Contestant(servers, behind: nil, beside: beside, PoolCycle(Self.pool(size)), connections: Self.connections)
        }
        let most = try await contestants[0].turn(settings.turn, warmUp: settings.warmUp)
        let rate = most.perSecond / 2
        var figures: [[Figures]] = contestants.map { _ in [] }
        for _ in 0..<settings.fixedRateRounds {
            for (index, contestant) in contestants.enumerated() {
                let turn = try await contestant.turn(settings.fixedRateTurn, warmUp: settings.warmUp, pace: .fixed(perSecond: rate))
                figures[index].append(turn)
            }
        }
        var rows: [Row] = []
        for (index, size) in settings.poolSizes.enumerated().dropFirst() {
            let what = "pool of \(Text.number(Double(size))), \(store), at \(Text.number(rate)) requests/s"
            let failures = await contestants[index].series.failures
            rows += Self.rows(what, figures[index], beside: figures[0], smallest: settings.poolSizes[0]).map { $0.with(failures: failures) }
        }
        return rows
    }

    private static func rows(_ what: String, _ large: [Figures], beside small: [Figures], smallest: Int) -> [Row] {
        let (tail, floor) = (Spread(large.map(\.p99)), Spread(small.map(\.p99)))
        let (work, least) = (Spread(large.compactMap(\.wholeCPU)).median, Spread(small.compactMap(\.wholeCPU)).median)
        return [
            .ratio("\(what): p99", Text.times(tail), tail.median, to: floor.median, "\(smallest) tokens \(Text.times(floor))", .atMost(1.5)),
            .ratio(
                "\(what): CPU of a cycle", "\(Text.number(2 * work)) µs", work, to: least, "\(smallest) tokens \(Text.number(2 * least)) µs",
                .atMost(1.5)),
        ]
    }
}

extension Figures {
    /// The processor time of the server and what is beside it, per answer, in microseconds.
    fileprivate var wholeCPU: Double? { total([self.cpu] + self.besides) }
}
