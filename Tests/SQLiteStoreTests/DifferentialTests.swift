import SQLiteStore
import StoreConformance
import TestSupport
import Testing
import TokenCore
import TokenEngine

/// The same operations on SQLite and on the reference model must give the same answers, also when SQLite is closed and opened in between.
@Suite struct DifferentialTests {
    @Test(arguments: 0..<6)
    func sqliteAnswersAsTheReferenceDoes(run: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var driver = try TwinDriver(seed: seed)
        do {
            for step in 0..<1500 { try await driver.step(step) }
        } catch {
            Issue.record(error, "run \(run), seed \(seed)")
        }
        await driver.sqlite.close()
    }
}

/// Two stores that are told the same.
private struct TwinDriver {
    /// The two answered differently.
    struct Disagreement: Error, CustomStringConvertible {
        let description: String
    }

    let reference = InMemoryStore()
    var sqlite: SQLiteStore
    private let folder = temporaryFolder()
    private var random: SplitMix
    private var now = UnixTime(seconds: 1_000_000)
    private var step = 0

    init(seed: UInt64) throws {
        random = SplitMix(seed: seed)
        sqlite = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, synchronous: .off))
    }

    mutating func step(_ number: Int) async throws {
        step = number
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<60: try await commit()
        case 60..<70: now = now + .milliseconds(Int64.random(in: 0...40, using: &random))
        case 70..<80: try await compare("find", query()) { store, query in try await store.find(query, now: now) }
        case 80..<88: try await compare("load", keys(8)) { store, keys in try await store.load(keys, now: now) }
        case 88..<91: try await compareLogs()
        case 91..<93: try await trim()
        case 93..<98: try await sweep()
        default: try await reopen()
        }
    }

    private mutating func commit() async throws {
        let partition = self.partition()
        var batch = WriteBatch(partition: partition, now: now)
        for key in keys(Int.random(in: 0...4, using: &random), in: partition) where !batch.writes.contains(where: { $0.key == key }) {
            batch.writes.append(try await write(key))
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            batch.revocations = [RevocationEntry(.everything(upTo: now), expiresAt: soon())]
        }
        for _ in 0..<Int.random(in: 0...2, using: &random) { batch.events.append(Event(.issued, at: now, count: UInt64(step))) }
        let wanted = await outcome(reference, batch)
        let seen = await outcome(sqlite, batch)
        guard wanted == seen else {
            throw Disagreement(description: "step \(step): \(batch): \(String(describing: seen)), not \(String(describing: wanted))")
        }
        try await compare("the batch's records", batch.writes.map(\.key)) { store, keys in try await store.load(keys, now: now) }
    }

    /// Mostly with the right version, so that most batches go through.
    private mutating func write(_ key: RecordKey) async throws -> Write {
        let stored = try await reference.load([key], now: now)[0]?.version ?? .absent
        let version = Int.random(in: 0..<10, using: &random) == 0 ? Version(UInt64.random(in: 0...3, using: &random)) : stored
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
            let indexKey = Bool.random(using: &random) ? [UInt8.random(in: 0...2, using: &random)] : nil
            let body = [UInt8](repeating: UInt8(step & 255), count: Int.random(in: 0...300, using: &random))
            return .put(
                StoredRecord(key: key, version: .absent, body: body, indexKey: indexKey, expiresAt: soon(), activity: activity()),
                expecting: version)
        case 5: return .remove(key, expecting: version)
        case 6: return .expect(key, expecting: version)
        default: return .touch(key, activity(), extendingTo: Bool.random(using: &random) ? soon() : nil)
        }
    }

    private func outcome(_ store: any ConformingStore, _ batch: WriteBatch) async -> StoreError? {
        do throws(StoreError) {
            try await store.commit(batch)
            return nil
        } catch { return error }
    }

    private func compareLogs() async throws {
        try await compare("heads", ()) { store, _ in try await store.revocationHeads() }
        for number in 0..<3 as Range<UInt16> {
            guard let partition = Partition(number: number) else { continue }
            // SQLite may have swept on its own; what is still in force must be in both.
            try await compare("revocations", partition) { store, partition in
                try await store.revocations(in: partition, after: 0, limit: 10_000).drop { $0.entry.expiresAt <= now }.map(\.self)
            }
        }
        try await compare("events", ()) { store, _ in try await store.events(after: 0, limit: 10_000) }
        try await compare("backlog", ()) { store, _ in try await store.backlog() }
    }

    private mutating func trim() async throws {
        guard let event = try await reference.events(after: 0, limit: 10_000).randomElement(using: &random) else { return }
        try await reference.trimEvents(through: event.number)
        try await sqlite.trimEvents(through: event.number)
        try await compareLogs()
    }

    /// SQLite removes expired rows with every commit, so only the end is the same: nothing is left.
    private mutating func sweep() async throws {
        for store in [reference, sqlite] as [any ConformingStore] { while try await store.sweep(now: now, limit: 7) >= 7 {} }
        try await compare("what a sweep leaves", ()) { store, _ in try await store.sweep(now: now, limit: 100) }
        try await compareLogs()
    }

    private mutating func reopen() async throws {
        await sqlite.close()
        sqlite = try SQLiteStore.open(SQLiteStore.Configuration(path: folder, synchronous: .off))
        try await compareLogs()
    }

    private func compare<Input: Sendable, Answer: Equatable & Sendable>(
        _ what: String, _ input: Input, _ ask: (any ConformingStore, Input) async throws -> Answer
    ) async throws {
        let wanted = try await ask(reference, input)
        let seen = try await ask(sqlite, input)
        guard wanted == seen else { throw Disagreement(description: "step \(step), \(what) of \(input): \(seen), not \(wanted)") }
    }

    private mutating func partition() -> Partition { Partition(number: UInt16.random(in: 0...2, using: &random)) ?? .control }
    private mutating func soon() -> UnixTime { now + .milliseconds(Int64.random(in: -2...200, using: &random)) }
    private mutating func activity() -> Activity {
        Activity(lastSeen: soon(), retries: Bool.random(using: &random) ? .max / 3 : 1)
    }
    private mutating func keys(_ count: Int, in partition: Partition? = nil) -> [RecordKey] {
        let partition = partition ?? self.partition()
        return (0..<count).map { _ in
            let kind: RecordKind = Bool.random(using: &random) ? .family : .subject
            return RecordKey(partition: partition, kind: kind, id: [UInt8.random(in: 0...5, using: &random)])
        }
    }
    private mutating func query() -> RecordQuery {
        RecordQuery(
            partition: partition(), kind: .family, indexKey: Bool.random(using: &random) ? [UInt8.random(in: 0...2, using: &random)] : nil,
            after: Bool.random(using: &random) ? [UInt8.random(in: 0...4, using: &random)] : nil, limit: Int.random(in: 1...5, using: &random))
    }
}
