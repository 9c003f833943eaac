import StoreConformance
import Testing
import TokenCore
import Valkey
import ValkeyServer

@testable import TokenEngine
@testable import ValkeyStore

/// Pools of several parts on real servers.
@Suite(.serialized) struct PoolPartsTests {
    private let pool = PoolName.usual
    private let policy = PoolPolicy(rest: .zero, parts: 8)

    @Test(arguments: [Shape.valkey, .cluster]) func everyPromiseOfPartsIsKept(_ shape: Shape) async throws {
        try await shape.run { place in
            let failures = await PoolConformance.failures(in: PoolConformance.checksOfParts) { SplitPools(try await place.emptyStore()) }
            #expect(failures.isEmpty, "\(failures)")
        }
    }

    /// Every primary has some of the tokens, and what happens to them is told of the pool; when it is removed nothing of it is left anywhere.
    @Test func tokensLieInManySlotsAndOnEveryPrimary() async throws {
        try await Shape.cluster.run { place in
            let store = try await place.emptyStore(.init(partitions: 64))
            let pools = SplitPools(store)
            _ = try await pools.perform(.create(policy), in: pool, now: .epoch, seed: 0)
            let tokens = (0..<400).map { NewToken(id: PoolDice.id($0), sealed: [1]) }
            #expect(try await pools.perform(.add(tokens), in: pool, now: .epoch, seed: 0).outcome == .added(400))
            var counts: [Int] = []
            for server in place.servers.prefix(3) {
                let hashes = try ValkeyCluster.ask(server, "KEYS {m*}Pt~8.*").split(whereSeparator: \.isNewline).count { $0.hasPrefix("{m") }
                counts.append(hashes)
            }
            #expect(counts.reduce(0, +) == 8 && counts.allSatisfy { $0 > 0 }, "\(counts)")
            let slots = Set((0..<8).map { HashSlot(key: Names(Partition(of: pool.part($0, of: 8), count: 64)).marker).rawValue })
            #expect(slots.count == 8)
            #expect(try await store.pools(after: nil, limit: 10) == [pool])
            try await tellOfThePool(pools, store)
            while try await pools.perform(.remove(limit: 100), in: pool, now: .epoch, seed: 0).outcome == .more {}
            for server in place.servers.prefix(3) {
                let left = try ValkeyCluster.ask(server, "KEYS {m*}[PN]*")
                #expect(left.contains("*0"), "\(left)")
            }
        }
    }

    private func tellOfThePool(_ pools: SplitPools, _ store: ValkeyStore) async throws {
        var told: [Event] = []
        for seed in 0..<16 as Range<UInt64> {
            let reply = try await pools.perform(.assign(PoolClaim(holder: "w")), in: pool, now: .epoch, seed: seed)
            told += reply.happened.map { Event($0, in: pool) }
        }
        #expect(told.count == 16 && told.allSatisfy { $0.pooled?.pool == pool })
        var stored: [Event] = []
        for outbox in try await store.outboxHeads().keys { stored += try await store.events(in: outbox, after: 0, limit: 1_000).map(\.event) }
        #expect(Set(stored.map { $0.encoded() }) == Set(told.map { $0.encoded() }))
    }

    /// What one instance gets back in a part is rung to the other, whose waiter is first; and when that one is served, to whoever is next.
    @Test func theBellOfThePoolRingsForItsParts() async throws {
        try await Shape.cluster.run { place in
            let stores = [try await place.emptyStore(), try await place.store()]
            let (one, other) = (SplitPools(stores[0]), SplitPools(stores[1]))
            func ask(_ verb: PoolVerb, of pools: SplitPools) async throws -> PoolOutcome {
                try await pools.perform(verb, in: pool, now: .epoch, seed: 0).outcome
            }
            _ = try await ask(.create(policy), of: one)
            _ = try await ask(.add([NewToken(id: PoolDice.id(1), sealed: [1])]), of: one)
            guard case .assigned(let held) = try await ask(.assign(PoolClaim(holder: "w")), of: one) else { return #expect(Bool(false)) }
            var bells = other.poolBells().makeAsyncIterator()
            let channel = Names(Partition(of: pool, count: 4)).pools
            try await eventually("a listener") {
                for server in place.servers where try ValkeyCluster.ask(server, "PUBSUB SHARDNUMSUB \(channel)").contains(":1") { return true }
                return nil
            }
            var tickets: [UInt64] = []
            for pools in [other, one] {
                guard case .waiting(let ticket) = try await ask(.assign(PoolClaim(holder: "w", waits: true)), of: pools) else {
                    return #expect(Bool(false), "it does not wait")
                }
                tickets.append(ticket)
            }
            _ = try await ask(.release(held[0].id, lease: held[0].lease), of: one)
            #expect(await bells.next() == PoolBell(pool, first: tickets[0]))
            guard case .assigned = try await ask(.assign(PoolClaim(holder: "w", waits: true, ticket: tickets[0])), of: other) else {
                return #expect(Bool(false), "it was its turn")
            }
            #expect(await bells.next() == PoolBell(pool, first: tickets[1]))
        }
    }

    /// A primary has no memory left: the tokens of the others are to be had.
    @Test func whileAPrimaryRefusesTheOthersServe() async throws {
        try await Shape.cluster.run { place in
            let pools = SplitPools(try await place.emptyStore(.init(partitions: 64)))
            _ = try await pools.perform(.create(policy), in: pool, now: .epoch, seed: 0)
            let tokens = (0..<80).map { NewToken(id: PoolDice.id($0), sealed: [1]) }
            _ = try await pools.perform(.add(tokens), in: pool, now: .epoch, seed: 0)
            let owners = (0..<8).map { Names(Partition(of: pool.part($0, of: 8), count: 64)).marker.slotOwner }
            try ValkeyCluster.ask(place.servers[owners[3]], "CONFIG SET maxmemory 1")
            for _ in 0..<8 {
                let reply = try await pools.perform(.assign(PoolClaim(holder: "w")), in: pool, now: .epoch, seed: 3)
                guard case .assigned(let taken) = reply.outcome else { return #expect(Bool(false), "\(reply)") }
                let parts = PoolParts(store: pools, pool: pool, count: 8, now: .epoch, seed: 0)
                #expect(owners[parts.part(of: taken[0].id)] != owners[3])
            }
        }
    }
}

extension ValkeyKey {
    /// Which of the three primaries has it.
    fileprivate var slotOwner: Int {
        let slot = Int(HashSlot(key: self).rawValue)
        return slot < 5461 ? 0 : slot < 10923 ? 1 : 2
    }
}
