import Testing
import TokenCore
import Valkey
import ValkeyServer

@testable import ValkeyStore

/// What instances hear of the tokens that others gave back: once for each that somebody may have, and nothing where nobody waits.
@Suite struct PoolBellTests {
    private let pool = PoolName.usual

    @Test(arguments: Shape.allCases) func aBellNamesTheFirstWhenItMayBeServed(_ shape: Shape) async throws {
        try await shape.run { place in
            let (store, other) = (try await place.emptyStore(), try await place.store())
            var bells = other.poolBells().makeAsyncIterator()
            try await someoneListens(place)
            // Nobody waits, so nothing rings.
            try await fill(store, 2)
            let held = [try await take(store), try await take(store)]
            try await release(held[0], store)
            let again = try await take(store)
            // The first wants two: it has to ask again for each that becomes free. Whoever is behind it asks in vain, and that rings for nobody.
            let first = try await wait(store, count: 2), second = try await wait(store), third = try await wait(store)
            try await release(again, store)
            #expect(try await store.perform(claim(1, second), in: pool, now: .epoch, seed: 1).outcome == .waiting(ticket: second))
            #expect(try await store.perform(claim(2, first), in: pool, now: .epoch, seed: 1).outcome == .waiting(ticket: first))
            #expect(await bells.next() == PoolBell(pool, first: first))
            try await release(held[1], store)
            #expect(await bells.next() == PoolBell(pool, first: first))
            // It goes: the second may have one, and the third another.
            _ = try await store.perform(.leaveQueue(ticket: first), in: pool, now: .epoch, seed: 1)
            #expect(await bells.next() == PoolBell(pool, first: second))
            guard case .assigned = try await store.perform(claim(1, second), in: pool, now: .epoch, seed: 1).outcome else {
                return #expect(Bool(false), "it was its turn")
            }
            #expect(await bells.next() == PoolBell(pool, first: third))
            // Everybody is sent away, one after the other; and a pool that goes rings for everybody.
            for phase in [PoolPhase.paused, .draining] { _ = try await store.perform(.turn(phase), in: pool, now: .epoch, seed: 1) }
            #expect(await bells.next() == PoolBell(pool, first: third))
            _ = try await store.perform(.remove(limit: 100), in: pool, now: .epoch, seed: 1)
            #expect(await bells.next() == PoolBell(pool, first: nil))
        }
    }

    @Test func bellsRingAgainWhenTheServerWasStartedAgain() async throws {
        try await ValkeyServer.run(.valkey, ["--appendonly", "yes", "--appendfsync", "always"]) { server in
            let place = Place(servers: [server], isCluster: false)
            let (store, other) = (try await place.emptyStore(), try await place.store())
            var bells = other.poolBells().makeAsyncIterator()
            try await someoneListens(place)
            try await fill(store, 1)
            let held = try await take(store)
            server.kill()
            try await server.start()
            try await eventually("the server") { try? await store.check() }
            try await someoneListens(place)
            let ticket = try await wait(store)
            try await release(held, store)
            #expect(await bells.next() == PoolBell(pool, first: ticket))
        }
    }

    @Test func bellsAreHeardWhereverTheSlotOfThePoolHasMoved() async throws {
        try await Shape.cluster.run { place in
            let (store, other) = (try await place.emptyStore(), try await place.store())
            var bells = other.poolBells().makeAsyncIterator()
            try await someoneListens(place)
            try await fill(store, 1)
            let held = try await take(store)
            let slot = Int(HashSlot(key: names.marker).rawValue)
            let index = slot < 5461 ? 0 : slot < 10923 ? 1 : 2
            let (source, target) = (place.servers[index], place.servers[(index + 1) % 3])
            try ValkeyCluster.ask(target, "CLUSTER SETSLOT \(slot) IMPORTING \(try id(source))")
            try ValkeyCluster.ask(source, "CLUSTER SETSLOT \(slot) MIGRATING \(try id(target))")
            for name in PoolNames(pool, in: Partition(of: pool, count: 4)).all {
                try ValkeyCluster.ask(source, "MIGRATE 127.0.0.1 \(target.port) \(name) 0 5000")
            }
            for server in place.servers.prefix(3) { try ValkeyCluster.ask(server, "CLUSTER SETSLOT \(slot) NODE \(try id(target))") }
            try await someoneListens(Place(servers: [target], isCluster: true))
            let ticket = try await wait(store)
            try await release(held, store)
            #expect(await bells.next() == PoolBell(pool, first: ticket))
        }
    }

    @Test func whatIsNoBellIsPassedOver() {
        for text in ["", "1", "x default", "1 ", "1  default", "-1 default", "1 a/b"] {
            #expect(PoolBell(message: text) == nil, "\(text)")
        }
        #expect(PoolBell(message: "17 ci") == PoolName("ci").map { PoolBell($0, first: 17) })
    }

    private var names: Names { Names(Partition(of: pool, count: 4)) }

    /// Waits until a subscription to the channel stands.
    private func someoneListens(_ place: Place) async throws {
        try await eventually("a listener") {
            for server in place.servers where try ValkeyCluster.ask(server, "PUBSUB SHARDNUMSUB \(names.pools)").contains(":1") { return true }
            return nil
        }
    }

    private func claim(_ count: Int, _ ticket: UInt64? = nil) -> PoolVerb {
        .assign(PoolClaim(holder: "", count: count, waits: true, ticket: ticket))
    }

    private func fill(_ store: ValkeyStore, _ count: Int) async throws {
        _ = try await store.perform(.create(PoolPolicy(rest: .zero)), in: pool, now: .epoch, seed: 1)
        let tokens = (0..<count).map { NewToken(id: PoolDice.id($0), sealed: [1]) }
        #expect(try await store.perform(.add(tokens), in: pool, now: .epoch, seed: 1).outcome == .added(count))
    }

    private func take(_ store: ValkeyStore) async throws -> AssignedToken {
        guard case .assigned(let taken) = try await store.perform(.assign(PoolClaim(holder: "")), in: pool, now: .epoch, seed: 1).outcome else {
            throw StoreError.overloaded
        }
        return try #require(taken.first)
    }

    private func wait(_ store: ValkeyStore, count: Int = 1) async throws -> UInt64 {
        guard case .waiting(let ticket) = try await store.perform(claim(count), in: pool, now: .epoch, seed: 1).outcome else {
            throw StoreError.overloaded
        }
        return ticket
    }

    private func release(_ token: AssignedToken, _ store: ValkeyStore) async throws {
        guard case .resting = try await store.perform(.release(token.id, lease: token.lease), in: pool, now: .epoch, seed: 1).outcome else {
            throw StoreError.overloaded
        }
    }

    private func id(_ server: ValkeyServer) throws -> String {
        String(try ValkeyCluster.ask(server, "CLUSTER MYID").split(whereSeparator: \.isNewline).last ?? "")
    }
}
