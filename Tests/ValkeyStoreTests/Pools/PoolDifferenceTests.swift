import NIOCore
import Testing
import TokenCore
import TokenEngine
import Valkey
import ValkeyServer

@testable import ValkeyStore

/// The scripts answer what `PoolMachine` answers, verb for verb, and leave the same pool behind.
@Suite(.serialized) struct PoolDifferenceTests {
    @Test(arguments: Shape.allCases) func theScriptsAnswerWhatTheMachineAnswers(_ shape: Shape) async throws {
        try await shape.run { place in
            let store = try await place.emptyStore()
            for order in PoolPolicy.Order.allCases {
                for seed in 1...2 as ClosedRange<UInt64> { try await compare(store, order, seed: seed, verbs: shape == .cluster ? 60 : 200) }
            }
        }
    }

    private func compare(_ store: ValkeyStore, _ order: PoolPolicy.Order, seed: UInt64, verbs: Int) async throws {
        let model = InMemoryLeasePool()
        var dice = PoolDice(seed, order)
        let pool = try #require(PoolName("pool-\(order.rawValue)-\(seed)"))
        var told: [[UInt8]] = []
        var last: [PoolVerb] = []
        for _ in 0..<verbs {
            dice.wait()
            let missing = try await model.pools(after: nil, limit: 1).isEmpty
            let verb = missing ? .create(dice.policy()) : dice.verb()
            let chance = dice.number()
            last = (last + [verb]).suffix(5)
            let wanted = try await model.perform(verb, in: pool, now: dice.now, seed: chance)
            let found = try await store.perform(verb, in: pool, now: dice.now, seed: chance)
            try #require(found == wanted, "order \(order), seed \(seed), after \(last)")
            dice.learn(wanted.outcome)
            told += wanted.happened.map { Event($0, in: pool).encoded() }
        }
        let all = PoolVerb.list(after: nil, limit: 1_000)
        let (wanted, found) = (
            try await model.perform(all, in: pool, now: dice.now, seed: 0), try await store.perform(all, in: pool, now: dice.now, seed: 0)
        )
        #expect(found == wanted)
        told += wanted.happened.map { Event($0, in: pool).encoded() }
        #expect(try await bodies(store, pool) == told)
    }

    /// What stands in the outbox about a pool, byte for byte.
    private func bodies(_ store: ValkeyStore, _ pool: PoolName) async throws -> [[UInt8]] {
        let stream = Names(Partition(of: pool, count: 4)).outbox
        return try await store.client.execute(XRANGE(stream, start: "-", count: 1_000_000)).compactMap { $0.fields.first?.value }
            .map { Array($0.readableBytesView) }.filter { try Event(stored: $0).pooled?.pool == pool }
    }
}
