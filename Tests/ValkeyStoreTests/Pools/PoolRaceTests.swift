import Synchronization
import Testing
import TokenCore
import Valkey
import ValkeyServer
import ValkeyStore

/// Many workers on few tokens, through several clients.
@Suite(.serialized) struct PoolRaceTests {
    @Test(arguments: Shape.allCases) func noTokenIsHeldByTwo(_ shape: Shape) async throws {
        try await shape.run { place in
            let first = try await place.emptyStore()
            let stores = [first, try await place.store(), try await place.store()]
            let pool = PoolName.usual
            _ = try await first.perform(.create(PoolPolicy(order: .random, rest: .zero)), in: pool, now: .epoch, seed: 1)
            let tokens = (0..<20).map { NewToken(id: PoolDice.id($0), sealed: [UInt8($0)]) }
            _ = try await first.perform(.add(tokens), in: pool, now: .epoch, seed: 1)
            let hands = Hands()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<64 {
                    group.addTask { try await hands.work(worker, on: stores[worker % stores.count], in: pool) }
                }
                try await group.waitForAll()
            }
            #expect(hands.cycles > 64)
            let reply = try await first.perform(.statistics, in: pool, now: .epoch, seed: 1)
            guard case .statistics(let statistics) = reply.outcome else { return #expect(Bool(false), "\(reply)") }
            #expect(statistics.free == 20 && statistics.total == 20)
        }
    }

    @Test(arguments: Shape.allCases) func poolsAreListedByNameAndLeaveNothingBehind(_ shape: Shape) async throws {
        try await shape.run { place in
            let store = try await place.emptyStore()
            let names = (0..<30).compactMap { PoolName("pool-\($0)") }.sorted()
            let policy = PoolPolicy(keepAliveLimit: .seconds(300), mostPerHolder: 5)
            for name in names {
                _ = try await store.perform(.create(policy), in: name, now: .epoch, seed: 1)
                _ = try await store.perform(.add((0..<3).map { NewToken(id: PoolDice.id($0), sealed: [1]) }), in: name, now: .epoch, seed: 1)
                let claims = [PoolClaim(holder: "a"), PoolClaim(holder: "a", count: 4, waits: true)]
                for claim in claims { _ = try await store.perform(.assign(claim), in: name, now: .epoch, seed: 1) }
            }
            #expect(try await store.pools(after: nil, limit: 1_000) == names)
            #expect(try await store.pools(after: names[4], limit: 7) == Array(names[5..<12]))
            for name in names {
                while try await store.perform(.remove(limit: 2), in: name, now: .epoch, seed: 1).outcome == .more {}
                #expect(try await store.perform(.statistics, in: name, now: .epoch, seed: 1).outcome == .noPool)
            }
            #expect(try await store.pools(after: nil, limit: 1_000).isEmpty)
            for server in place.servers.prefix(place.isCluster ? 3 : 1) {
                let left = try ValkeyCluster.ask(server, "KEYS {m*}[PN]*")
                #expect(left.contains("*0"), "\(left)")
            }
        }
    }
}

/// Who has which token, as the workers see it.
private final class Hands: Sendable {
    private let state = Mutex<(held: [PooledTokenID: Int], leases: Set<LeaseNumber>)>(([:], []))

    /// How often a token was had.
    var cycles: Int { state.withLock { $0.leases.count } }

    /// Takes tokens and gives them back.
    func work(_ worker: Int, on store: ValkeyStore, in pool: PoolName) async throws {
        for round in 0..<40 as Range<UInt64> {
            let claim = PoolVerb.assign(PoolClaim(holder: "\(worker)"))
            let reply = try await store.perform(claim, in: pool, now: .epoch, seed: UInt64(worker) << 32 | round)
            guard case .assigned(let taken) = reply.outcome else { continue }
            state.withLock { state in
                #expect(state.held.updateValue(worker, forKey: taken[0].id) == nil, "two have \(taken[0].id)")
                #expect(state.leases.insert(taken[0].lease).inserted, "a lease twice")
            }
            await Task.yield()
            state.withLock { $0.held[taken[0].id] = nil }
            let end = try await store.perform(.release(taken[0].id, lease: taken[0].lease), in: pool, now: .epoch, seed: 1)
            guard case .resting = end.outcome else { return #expect(Bool(false), "\(end)") }
        }
    }
}
