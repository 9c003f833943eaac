import PowerCut
import TestSupport
import Testing
import TokenCore

@testable import SQLiteStore

/// Pools over a power cut: what was acknowledged of them holds, and nobody's token is somebody else's.
///
/// Part of the other suite, because there is one simulated disk.
extension PowerCutTests {
    @Test func powerCutLosesNoTokenAndAssignsNoneTwice() async throws {
        try await Soak("power-cut-pool", small: 25, large: 200, portion: 25).run { cuts in
            var (assigned, released) = (0, 0)
            for _ in 0..<cuts {
                let round = PoolCutRound(seed: .random(in: 0 ... .max), synchronous: .full)
                let outcome = try await round.run()
                #expect(outcome.violations.isEmpty, "seed \(round.seed)")
                assigned += outcome.assigned
                released += outcome.released
            }
            print("power-cut-pool: \(cuts) cuts, acknowledged: assigned \(assigned), released \(released)")
            #expect(assigned > cuts && released > cuts, "the cuts came before there was anything to lose")
        }
    }

    /// The proof proves something only if it fails without syncs.
    @Test func powerCutUnderAPoolIsNoticedWhenNothingIsSynced() async throws {
        var caught = 0
        for _ in 0..<10 where caught == 0 {
            let round = PoolCutRound(seed: .random(in: 0 ... .max), synchronous: .off)
            if try await !round.run().violations.isEmpty { caught += 1 }
        }
        #expect(caught > 0)
    }
}

/// A pool that several workers use until the power goes, and what of it the disk has.
private struct PoolCutRound {
    struct Outcome {
        var violations: [String] = []
        var assigned = 0
        var released = 0
    }

    /// What a worker knows of one assignment.
    private struct Hold {
        let token: PooledTokenID
        let lease: LeaseNumber
        /// Asked to be given back, and whether that was acknowledged; nil when it was not asked.
        var isReleased: Bool?
    }

    let seed: UInt64
    let synchronous: SQLiteStore.Configuration.Synchronous
    private static let workers = 6
    private static let tokens = 12
    private let now = UnixTime(seconds: 1_790_000_000)
    private let policy = PoolPolicy(lifetime: .seconds(3600), rest: .zero, mostPerHolder: 3)

    init(seed: UInt64, synchronous: SQLiteStore.Configuration.Synchronous) {
        self.seed = seed
        self.synchronous = synchronous
    }

    func run() async throws -> Outcome {
        var random = SplitMix(seed: seed)
        let (folder, survivors) = (temporaryFolder(), temporaryFolder())
        try SystemCalls.makeFolder(survivors)
        let operations = [30, 100, 1000, 4000].map { Int.random(in: 1...$0, using: &random) }.randomElement(using: &random) ?? 1
        power_cut_begin(folder, seed, operations, [0, 30, 50, 95].randomElement(using: &random) ?? 0)
        let (isFilled, holds) = await work(in: folder)
        guard power_cut_end(survivors) == 0 else { return Outcome(violations: ["the survivors could not be written"]) }
        var outcome = Outcome(assigned: holds.joined().count, released: holds.joined().count { $0.isReleased == true })
        do {
            outcome.violations = try await violations(in: survivors, isFilled: isFilled, holds)
        } catch {
            outcome.violations = ["the survivors cannot be used: \(error)"]
        }
        return outcome
    }

    private func open(_ folder: String) throws -> SQLiteStore {
        var configuration = SQLiteStore.Configuration(path: folder, synchronous: synchronous)
        configuration.checkpointAtPages = 64
        return try SQLiteStore.open(configuration)
    }

    /// Works until the power is gone: whether the pool was acknowledged with its tokens, and what each worker knows.
    private func work(in folder: String) async -> (isFilled: Bool, holds: [[Hold]]) {
        guard let store = try? open(folder) else { return (false, []) }
        let tokens = (0..<Self.tokens).map { NewToken(id: id($0), sealed: [UInt8](repeating: UInt8($0), count: 500)) }
        guard await perform(.create(policy), on: store) == .done, await perform(.add(tokens), on: store) == .added(tokens.count) else {
            await store.close()
            return (false, [])
        }
        let holds = await withTaskGroup(of: (Int, [Hold]).self) { group in
            for worker in 0..<Self.workers { group.addTask { (worker, await work(on: store, as: worker)) } }
            return await group.reduce(into: Array(repeating: [Hold](), count: Self.workers)) { $0[$1.0] = $1.1 }
        }
        await store.close()
        return (true, holds)
    }

    private func work(on store: SQLiteStore, as worker: Int) async -> [Hold] {
        var holds: [Hold] = []
        for turn in 0..<1000 {
            // With nothing synced few operations are made: the power goes all the same.
            if turn == 200 && worker == 0 { power_cut_now() }
            guard case .assigned(let taken) = await perform(.assign(PoolClaim(holder: "\(worker)", count: 1 + turn % 2)), on: store) else { break }
            let first = holds.count
            holds += taken.map { Hold(token: $0.id, lease: $0.lease) }
            for index in first..<holds.count {
                holds[index].isReleased = false
                guard case .resting = await perform(.release(holds[index].token, lease: holds[index].lease), on: store) else { return holds }
                holds[index].isReleased = true
            }
        }
        return holds
    }

    private func perform(_ verb: PoolVerb, on store: SQLiteStore) async -> PoolOutcome? {
        try? await store.perform(verb, in: .usual, now: now, seed: 1).outcome
    }

    private func violations(in folder: String, isFilled: Bool, _ holds: [[Hold]]) async throws -> [String] {
        let store = try open(folder)
        guard case .tokens(let tokens) = await perform(.list(after: nil, limit: 1000), on: store) else {
            await store.close()
            return isFilled ? ["the pool is lost"] : []
        }
        var found: [String] = []
        if isFilled || !tokens.isEmpty, tokens.map(\.id) != (0..<Self.tokens).map(id) { found.append("tokens: \(tokens.map(\.id))") }
        found += violations(of: tokens, holds)
        let standing = Dictionary(uniqueKeysWithValues: tokens.compactMap { token in token.assignment.map { (token.id, $0.lease) } })
        if try await told(by: store) != standing { found.append("the events tell of other assignments than there are") }
        guard case .statistics(let statistics) = await perform(.statistics, on: store) else { return found + ["no statistics"] }
        if statistics.assigned != standing.count || statistics.total != tokens.count { found.append("the counts are not those of the tokens") }
        // And the pool goes on from there, by higher leases.
        if statistics.free > 0, case .assigned(let next) = await perform(.assign(PoolClaim(holder: "next")), on: store) {
            let last = holds.joined().map(\.lease).max() ?? .none
            if next[0].lease <= last { found.append("lease \(next[0].lease.value) after \(last.value)") }
        }
        await store.close()
        return found
    }

    /// What the tokens say against what the workers know. A worker's last verb was not acknowledged: it may have been done or not.
    private func violations(of tokens: [PooledToken], _ holds: [[Hold]]) -> [String] {
        var found: [String] = []
        var known: [LeaseNumber: Hold] = [:]
        for hold in holds.joined() {
            known[hold.lease] = hold
            let assignment = tokens.first { $0.id == hold.token }?.assignment
            if hold.isReleased == nil, assignment?.lease != hold.lease { found.append("\(hold.token) was assigned and is not") }
            if hold.isReleased == true, assignment?.lease == hold.lease { found.append("\(hold.token) was given back and is held") }
        }
        let leases = tokens.compactMap { $0.assignment?.lease }
        if Set(leases).count != leases.count { found.append("two assignments have one lease: \(leases)") }
        for token in tokens {
            guard let assignment = token.assignment else { continue }
            if let hold = known[assignment.lease] {
                if hold.token != token.id { found.append("lease \(assignment.lease.value) is of another token") }
            } else if let worker = Int(assignment.holder), holds.indices.contains(worker), holds[worker].contains(where: { $0.isReleased != true }) {
                found.append("worker \(worker) stopped at a release, and an assignment that it does not know is there")
            }
        }
        return found
    }

    /// Which assignments the outbox tells of.
    private func told(by store: SQLiteStore) async throws -> [PooledTokenID: LeaseNumber] {
        var standing: [PooledTokenID: LeaseNumber] = [:]
        var last: UInt64 = 0
        while true {
            let page = try await store.events(in: .control, after: last, limit: 1000)
            guard let end = page.last else { return standing }
            last = end.number
            for pooled in page.map(\.event) {
                guard let token = pooled.pooled else { continue }
                standing[token.token] = pooled.name == .tokenAssigned ? token.lease : nil
            }
        }
    }

    private func id(_ number: Int) -> PooledTokenID {
        guard let id = PooledTokenID([UInt8(number)] + [UInt8](repeating: 3, count: 15)) else { preconditionFailure("16 bytes are an id") }
        return id
    }
}
