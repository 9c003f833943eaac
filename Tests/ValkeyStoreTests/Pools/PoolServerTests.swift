import Foundation
import Testing
import TokenCore
import Valkey
import ValkeyServer

@testable import ValkeyStore

/// Pools on servers that fail, forget, run short of memory or move.
@Suite struct PoolServerTests {
    private let pool = PoolName.usual
    private let policy = PoolPolicy(lifetime: .seconds(60), rest: .zero, mostPerHolder: 2)

    private func perform(_ store: ValkeyStore, _ verb: PoolVerb) async throws -> PoolOutcome {
        try await store.perform(verb, in: pool, now: Sample.now, seed: 1).outcome
    }

    private func fill(_ store: ValkeyStore, _ count: Int) async throws {
        #expect(try await perform(store, .create(policy)) == .done)
        let tokens = (0..<count).map { NewToken(id: PoolDice.id($0), sealed: [1], metadata: []) }
        #expect(try await perform(store, .add(tokens)) == .added(count))
    }

    private func take(_ store: ValkeyStore) async throws -> AssignedToken {
        guard case .assigned(let taken) = try await perform(store, .assign(PoolClaim(holder: "a"))) else { throw StoreError.overloaded }
        return try #require(taken.first)
    }

    @Test func aServerOutOfMemoryChangesNothing() async throws {
        try await Shape.valkey.run { place in
            let store = try await place.emptyStore()
            try await fill(store, 3)
            let held = try await take(store)
            let before = try await perform(store, .list(after: nil, limit: 10))
            let events = try await store.outboxHeads()
            try ValkeyCluster.ask(place.servers[0], "CONFIG SET maxmemory 1")
            let verbs: [PoolVerb] = [
                .assign(PoolClaim(holder: "b")), .release(held.id, lease: held.lease), .delete(held.id, lease: nil), .remove(limit: 1),
                .add([NewToken(id: PoolDice.id(9), sealed: [1])]), .turn(.draining), .create(policy),
            ]
            for verb in verbs {
                do {
                    _ = try await perform(store, verb)
                    Issue.record("it was done")
                } catch StoreError.unavailable(let why) { #expect(why.contains("out of memory")) }
            }
            try ValkeyCluster.ask(place.servers[0], "CONFIG SET maxmemory 0")
            #expect(try await perform(store, .list(after: nil, limit: 10)) == before)
            #expect(try await store.outboxHeads() == events)
        }
    }

    @Test(arguments: Shape.allCases) func aServerThatForgotItsScriptsLearnsThemAgain(_ shape: Shape) async throws {
        try await shape.run { place in
            let store = try await place.emptyStore()
            try await fill(store, 1)
            for _ in 0..<5 {
                for server in place.servers.prefix(3) { try ValkeyCluster.ask(server, "SCRIPT FLUSH") }
                let held = try await take(store)
                #expect(try await perform(store, .delete(held.id, lease: LeaseNumber(1))) == .staleLease)
                #expect(try await perform(store, .release(held.id, lease: held.lease)) != .staleLease)
            }
        }
    }

    @Test func assignmentsOutliveTheServer() async throws {
        try await ValkeyServer.run(.valkey, ["--appendonly", "yes"]) { server in
            let store = try await Place(servers: [server], isCluster: false).store(
                .init(partitions: 4, acknowledge: .fsynced(replicas: 0, timeout: .seconds(5))))
            try await fill(store, 2)
            let held = try await take(store)
            server.kill()
            try await server.start()
            try await eventually("the server") { try? await store.check() }
            #expect(try await perform(store, .delete(held.id, lease: LeaseNumber(held.lease.value - 1))) == .staleLease)
            let other = try await take(store)
            #expect(other.id != held.id && other.lease > held.lease)
            #expect(try await perform(store, .assign(PoolClaim(holder: "a"))) == .holderLimit)
            guard case .resting = try await perform(store, .release(held.id, lease: held.lease)) else { return #expect(Bool(false)) }
        }
    }

    @Test func anEmptiedServerIsRefused() async throws {
        try await Shape.redis.run { place in
            let store = try await place.emptyStore()
            try await fill(store, 1)
            try ValkeyCluster.ask(place.servers[0], "FLUSHALL")
            await #expect(throws: StoreError.foreign) { try await perform(store, .create(policy)) }
            await #expect(throws: StoreError.foreign) { try await perform(store, .statistics) }
            await #expect(throws: StoreError.foreign) { try await store.pools(after: nil, limit: 10) }
            #expect(try ValkeyCluster.ask(place.servers[0], "DBSIZE").contains(":0"))
        }
    }

    @Test func withoutTheReplicaTheOutcomeIsUnknown() async throws {
        try await ValkeyServer.runWithReplica { primary, replica in
            let place = Place(servers: [primary], isCluster: false)
            let patient = try await place.store(.init(partitions: 4, acknowledge: .replicated(replicas: 1, timeout: .seconds(30))))
            try await fill(patient, 1)
            let store = try await place.store(.init(partitions: 4, acknowledge: .replicated(replicas: 1, timeout: .milliseconds(300))))
            replica.pause()
            defer { replica.resume() }
            let unknown = StoreError.outcomeUnknown("The write was not acknowledged within 0.3 seconds.")
            await #expect(throws: unknown) { try await take(store) }
            // An answer that rests on it is not given either, though it writes nothing of its own.
            await #expect(throws: unknown) { try await perform(store, .assign(PoolClaim(holder: "b"))) }
            replica.resume()
            guard case .noneFree(.some) = try await perform(patient, .assign(PoolClaim(holder: "b"))) else { return #expect(Bool(false)) }
        }
    }

    @Test func whileTheSlotMovesAVerbIsDoneWholeOrNotAtAll() async throws {
        try await Shape.cluster.run { place in
            let store = try await place.emptyStore()
            try await fill(store, 2)
            let held = try await take(store)
            let names = PoolNames(pool, in: Partition(of: pool, count: 4))
            let slot = Int(HashSlot(key: names.names.marker).rawValue)
            let index = slot < 5461 ? 0 : slot < 10923 ? 1 : 2
            let (source, target) = (place.servers[index], place.servers[(index + 1) % 3])
            try ValkeyCluster.ask(target, "CLUSTER SETSLOT \(slot) IMPORTING \(try id(source))")
            try ValkeyCluster.ask(source, "CLUSTER SETSLOT \(slot) MIGRATING \(try id(target))")
            // A part of the pool is here and a part is there: nothing is done, whichever parts.
            for part in [names.all[3...6], names.all[0...2], names.all[7...]] {
                for name in part { try ValkeyCluster.ask(source, "MIGRATE 127.0.0.1 \(target.port) \(name) 0 5000") }
                if part.endIndex == names.all.endIndex { break }
                await #expect(throws: StoreError.self, "without \(part)") { try await perform(store, .release(held.id, lease: held.lease)) }
            }
            for server in place.servers.prefix(3) { try ValkeyCluster.ask(server, "CLUSTER SETSLOT \(slot) NODE \(try id(target))") }
            guard case .resting = try await perform(store, .release(held.id, lease: held.lease)) else { return #expect(Bool(false)) }
            #expect(
                try await store.events(in: Partition(of: pool, count: 4), after: 0, limit: 10).map(\.event.name) == [.tokenAssigned, .tokenReleased])
        }
    }

    private func id(_ server: ValkeyServer) throws -> String {
        String(try ValkeyCluster.ask(server, "CLUSTER MYID").split(whereSeparator: \.isNewline).last ?? "")
    }
}
