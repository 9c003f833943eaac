import PowerCut
import TestSupport
import Testing
import TokenCore
import TokenEngine

@testable import SQLiteStore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The promises of the crash proof, with the power gone instead of the process: what the engine acknowledged holds afterwards.
///
/// Part of the other suite, because there is one simulated disk.
extension PowerCutTests {
    @Test func powerCutUndoesNothingThatTheEngineAcknowledged() async throws {
        try await Soak("power-cut-engine", small: 20, large: 200, portion: 20).run { cuts in
            var tally = EngineTally()
            for _ in 0..<cuts {
                let round = EngineCutRound(seed: .random(in: 0 ... .max), synchronous: .full)
                let (found, work) = try await round.run()
                #expect(found.isEmpty, "seed \(round.seed)")
                tally.add(work)
            }
            print("power-cut-engine: \(cuts) cuts, acknowledged: \(tally)")
            #expect(tally.logins > 0 && tally.refreshes > 0 && tally.logouts > 0, "the cuts came before there was anything to lose")
        }
    }

    /// The proof proves something only if it fails without syncs.
    @Test func powerCutUnderTheEngineIsNoticedWhenNothingIsSynced() async throws {
        var caught = 0
        for _ in 0..<10 where caught == 0 {
            let round = EngineCutRound(seed: .random(in: 0 ... .max), synchronous: .off)
            if try await !round.run().violations.isEmpty { caught += 1 }
        }
        #expect(caught > 0)
    }
}

/// Several clients of an engine until the power goes; a new engine on what the disk has; and questions to it about everything that was acknowledged.
private struct EngineCutRound {
    let seed: UInt64
    let synchronous: SQLiteStore.Configuration.Synchronous
    private static let clients = 8

    init(seed: UInt64, synchronous: SQLiteStore.Configuration.Synchronous) {
        self.seed = seed
        self.synchronous = synchronous
    }

    /// What was promised and is not so, and how much was promised.
    func run() async throws -> (violations: [String], work: EngineTally) {
        var random = SplitMix(seed: seed)
        let folder = temporaryFolder()
        let survivors = temporaryFolder()
        try SystemCalls.makeFolder(survivors)
        // Opening a new store takes some seventy operations.
        let operations = [100, 400, 1500, 4000].map { Int.random(in: 1...$0, using: &random) }.randomElement(using: &random) ?? 1
        power_cut_begin(folder, seed, operations, [0, 30, 50, 95].randomElement(using: &random) ?? 0)
        let before = EngineUnderCut(beginning: UnixTime(seconds: 1_800_000_000))
        let clients = await work(in: folder, before, seeds: (0..<Self.clients).map { _ in random.next() })
        guard power_cut_end(survivors) == 0 else { return (["the survivors could not be written"], EngineTally()) }
        var tally = EngineTally()
        for client in clients { tally.add(client.tally) }
        do {
            // In half of the rounds the grace window is over when the power is back.
            let after = before.later(by: .seconds(random.next().isMultiple(of: 2) ? 1 : 60))
            return (try await violations(in: survivors, after, clients), tally)
        } catch {
            return (["the survivors cannot be used: \(error)"], tally)
        }
    }

    private func configuration(_ folder: String, _ synchronous: SQLiteStore.Configuration.Synchronous) -> SQLiteStore.Configuration {
        var configuration = SQLiteStore.Configuration(path: folder, synchronous: synchronous)
        configuration.checkpointAtPages = 64
        return configuration
    }

    /// Has every client work until it gets no answer.
    private func work(in folder: String, _ parts: EngineUnderCut, seeds: [UInt64]) async -> [EngineClient] {
        guard let store = try? SQLiteStore.open(configuration(folder, synchronous)) else { return [] }
        let engine = parts.engine(over: store)
        let clients = await withTaskGroup(of: EngineClient.self) { group in
            for (number, seed) in seeds.enumerated() {
                group.addTask {
                    var client = EngineClient(number: Int64(number), seed: seed)
                    var steps = 0
                    while await client.step(with: engine) {
                        steps += 1
                        // With nothing synced few operations are made: the power goes all the same.
                        if steps == 100 { power_cut_now() }
                    }
                    return client
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        power_cut_now()
        await store.close()
        return clients
    }

    private func violations(in folder: String, _ parts: EngineUnderCut, _ clients: [EngineClient]) async throws -> [String] {
        // There is no second cut: the questions need no sync.
        let store = try SQLiteStore.open(configuration(folder, .off))
        let engine = parts.engine(over: store)
        try await engine.start()
        await engine.add(enforcer: parts.view)
        let events = try await EngineJudge.events(of: store)
        var found = await withTaskGroup(of: [String].self) { group in
            for client in clients {
                group.addTask {
                    var judge = EngineJudge(engine: engine, parts: parts, events: events)
                    await judge.judge(client)
                    return judge.violations
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        found += try await EngineJudge.events(of: store).filter { $0.name == .storeRollbackDetected }.map { "the store went back: \($0)" }
        await store.close()
        return found
    }
}
