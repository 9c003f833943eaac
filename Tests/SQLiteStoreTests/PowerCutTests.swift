import PowerCut
import Synchronization
import TestSupport
import Testing
import TokenCore

@testable import SQLiteStore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// SIGKILL keeps what the system has not written yet; a power cut does not. Here the disk keeps only what was synced and a random part of the rest.
@Suite(.serialized) struct PowerCutTests {
    @Test func powerCutLosesNoAcknowledgedCommitAndLeavesNoHalfBatch() async throws {
        try await Soak("power-cut", small: 50, large: 200, portion: 50).run { cuts in
            var syncs = 0
            var acknowledged = 0
            for _ in 0..<cuts {
                var cut = PowerCutRound(seed: .random(in: 0 ... .max), synchronous: .full)
                let violations = try await cut.run()
                #expect(violations.isEmpty, "seed \(cut.seed)")
                syncs += cut.syncs
                acknowledged += cut.acknowledged
            }
            print("power-cut: \(cuts) cuts, acknowledged commits: \(acknowledged), syncs: \(syncs)")
            #expect(acknowledged > cuts, "the cuts came before there was anything to lose")
        }
    }

    /// The proof proves something only if it fails without syncs.
    @Test func powerCutIsNoticedWhenNothingIsSynced() async throws {
        var caught = 0
        for _ in 0..<10 {
            var cut = PowerCutRound(seed: .random(in: 0 ... .max), synchronous: .off)
            if try await !cut.run().isEmpty { caught += 1 }
        }
        #expect(caught > 0)
    }
}

/// A store that is written by several tasks until the power goes, and opened again from what the disk has.
private struct PowerCutRound {
    let seed: UInt64
    let synchronous: SQLiteStore.Configuration.Synchronous
    private(set) var syncs = 0
    private(set) var acknowledged = 0
    private static let writers = 6
    private let now = UnixTime(seconds: 1_000_000)

    init(seed: UInt64, synchronous: SQLiteStore.Configuration.Synchronous) {
        self.seed = seed
        self.synchronous = synchronous
    }

    /// Runs the round; what was promised and is not so.
    mutating func run() async throws -> [String] {
        var random = SplitMix(seed: seed)
        let folder = temporaryFolder()
        let survivors = temporaryFolder()
        try SystemCalls.makeFolder(survivors)
        let operations = [10, 100, 1000, 4000].map { Int.random(in: 1...$0, using: &random) }.randomElement(using: &random) ?? 1
        power_cut_begin(folder, seed, operations, [0, 30, 50, 95].randomElement(using: &random) ?? 0)
        let known = await write(to: folder)
        syncs = power_cut_syncs()
        acknowledged = known.reduce(0) { $0 + Int($1) }
        guard power_cut_end(survivors) == 0 else { return ["the survivors could not be written"] }
        do {
            return try await violations(in: survivors, acknowledged: known)
        } catch {
            return ["the survivors cannot be used: \(error)"]
        }
    }

    private func configuration(_ folder: String) -> SQLiteStore.Configuration {
        var configuration = SQLiteStore.Configuration(path: folder, synchronous: synchronous)
        configuration.checkpointAtPages = 64
        return configuration
    }

    /// Writes until the power is gone; the last number of each writer that was acknowledged.
    private func write(to folder: String) async -> [UInt64] {
        guard let store = try? SQLiteStore.open(configuration(folder)) else {
            return Array(repeating: 0, count: Self.writers)
        }
        let known = await withTaskGroup(of: (Int, UInt64).self) { group in
            for writer in 0..<Self.writers { group.addTask { (writer, await write(to: store, as: writer)) } }
            return await group.reduce(into: Array(repeating: 0 as UInt64, count: Self.writers)) { $0[$1.0] = $1.1 }
        }
        await store.close()
        return known
    }

    private func write(to store: SQLiteStore, as writer: Int) async -> UInt64 {
        for number in 1...2000 as ClosedRange<UInt64> {
            guard (try? await store.commit(batch(writer, number))) != nil else { return number - 1 }
            // With nothing synced few operations are made: the power goes all the same.
            if number == 300 && writer == 0 { power_cut_now() }
        }
        return 2000
    }

    /// Two records, an event and a revocation, all of which carry the number.
    private func batch(_ writer: Int, _ number: UInt64) -> WriteBatch {
        let partition = Partition(number: UInt16(writer)) ?? .control
        let body = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 700) + withUnsafeBytes(of: number.bigEndian, Array.init)
        var batch = WriteBatch(partition: partition, now: now)
        for key in keys(writer) {
            let record = StoredRecord(
                key: key, version: .absent, body: body, indexKey: [UInt8(truncatingIfNeeded: number)], expiresAt: .distantFuture, activity: .none)
            batch.writes.append(.put(record, expecting: Version(number - 1)))
        }
        batch.events = [Event(.refreshed, at: now, subject: "\(writer)", count: number)]
        batch.revocations = [RevocationEntry(.everything(upTo: UnixTime(milliseconds: Int64(number))), expiresAt: .distantFuture)]
        return batch
    }

    private func keys(_ writer: Int) -> [RecordKey] {
        let partition = Partition(number: UInt16(writer)) ?? .control
        return (0..<2).map { RecordKey(partition: partition, kind: .family, id: [UInt8(writer), $0]) }
    }

    private func violations(in folder: String, acknowledged: [UInt64]) async throws -> [String] {
        let store = try SQLiteStore.open(configuration(folder))
        var found: [String] = []
        let events = Dictionary(grouping: try await store.events(after: 0, limit: 10_000).map(\.event), by: \.subject)
        for (writer, known) in acknowledged.enumerated() {
            let records = try await store.load(keys(writer), now: now)
            let versions = records.map { $0?.version.number ?? 0 }
            let number = versions[0]
            let partition = Partition(number: UInt16(writer)) ?? .control
            let log = try await store.revocations(in: partition, after: 0, limit: 10_000)
            if number < known { found.append("writer \(writer): acknowledged \(known), found \(number)") }
            if number > known + 1 { found.append("writer \(writer): found \(number), which was never written") }
            if versions[1] != number || records[0]?.body != records[1]?.body { found.append("writer \(writer): half a batch: \(versions)") }
            if (events["\(writer)"] ?? []).compactMap(\.count) != Array(1..<(number + 1)) { found.append("writer \(writer): events do not match") }
            if log.map(\.number) != Array(1..<(number + 1)) { found.append("writer \(writer): revocations do not match") }
            if try await store.revocationHeads()[partition] ?? 0 != number { found.append("writer \(writer): the head does not match") }
            // And the store goes on from there.
            try await store.commit(batch(writer, number + 1))
        }
        await store.close()
        return found
    }
}
