import Synchronization
import Testing
import TokenCore

@testable import TokenEngine

/// Pools of parts made, changed, resized and removed: also when it is broken off, repeated, or done by two at once.
@Suite struct SplitPoolLifeTests {
    private let allOfThree = [PoolName.usual] + (0..<3).map { PoolName.usual.part($0, of: 3) }

    @Test func allPartsHaveThePolicyAndThePhase() async throws {
        let world = try await SplitWorld(tokens: 6)
        var policy = world.policy
        policy.lifetime = .seconds(77)
        #expect(try await world.perform(.change(policy)) == .done)
        #expect(try await world.perform(.turn(.paused)) == .done)
        for part in 0..<3 {
            guard case .statistics(let own) = try await world.parts.perform(.statistics, in: part).outcome else { return #expect(Bool(false)) }
            #expect(own.policy == policy.ofPart && own.phase == .paused && own.total == 2)
        }
        #expect(try await world.perform(.change(policy.with(parts: 4))) == .otherPolicy)
        #expect(try await world.perform(.create(policy)) == .done)
        #expect(try await world.stored() == allOfThree)
        let all = try await world.statistics()
        #expect(all.policy == policy && all.phase == .paused && all.free == 6)
        #expect(try await world.pools.pools(after: nil, limit: 10) == [.usual])
    }

    /// Whatever verb of it fails, done or not, and in whichever instance it is repeated.
    @Test(arguments: [FaultyPool.Fault.before, .after])
    func whatIsBrokenOffIsRepeated(fault: FaultyPool.Fault) async throws {
        let policy = PoolPolicy(rest: .zero, parts: 3)
        let ways: [(before: [PoolVerb], verb: PoolVerb)] = [
            ([], .create(policy)),
            ([.create(policy)], .change(PoolPolicy(lifetime: .seconds(9), rest: .zero, parts: 3))),
            ([.create(policy)], .turn(.draining)),
            ([.create(policy), .add(NewToken.spread(9))], .remove(limit: 1_000)),
            ([.create(policy), .add(NewToken.spread(9))], .remove(limit: 2)),
        ]
        for (before, verb) in ways {
            var step = 0
            while try await breakOff(verb, at: step, fault, before) { step += 1 }
            #expect(step > 3, "\(verb) was over before it began")
        }
    }

    /// - Returns: whether it had as many steps.
    private func breakOff(_ verb: PoolVerb, at step: Int, _ fault: FaultyPool.Fault, _ before: [PoolVerb]) async throws -> Bool {
        let inner = FaultyParts()
        let now = UnixTime(milliseconds: 1_790_000_000_123)
        func finish(_ verb: PoolVerb, _ pools: SplitPools) async throws -> PoolOutcome {
            while true {
                let outcome = try await pools.perform(verb, in: .usual, now: now, seed: 0).outcome
                if outcome != .more { return outcome }
            }
        }
        for verb in before { _ = try await finish(verb, SplitPools(inner)) }
        let seen = Atomic(0)
        inner.fail { _, _ in seen.add(1, ordering: .relaxed).oldValue == step ? fault : .none }
        var isBroken = false
        do { _ = try await finish(verb, SplitPools(inner)) } catch { isBroken = true }
        inner.fail { _, _ in .none }
        let again = try await finish(verb, SplitPools(inner))
        var stored: [PoolName] = []
        for name in allOfThree {
            let outcome = try await inner.base.perform(.statistics, in: name, now: now, seed: 0).outcome
            guard case .statistics(let own) = outcome else { continue }
            stored.append(name)
            if case .change(let policy) = verb { #expect((name == .usual ? policy : policy.ofPart) == own.policy, "step \(step)") }
            if case .turn(let phase) = verb { #expect(own.phase == phase, "step \(step)") }
        }
        if case .remove = verb {
            #expect(again == .noPool || again == .done, "step \(step)")
            #expect(stored == [], "step \(step): something is left")
        } else {
            #expect(again == .done && stored == allOfThree, "step \(step): \(again), \(stored)")
        }
        return isBroken
    }

    /// Also in the parts that the first piece has not come to.
    @Test func fromTheFirstPieceOfARemovalOnNothingIsAssigned() async throws {
        let world = try await SplitWorld(tokens: 9)
        #expect(try await world.perform(.remove(limit: 1)) == .more)
        for seed in 0..<3 as Range<UInt64> { #expect(try await world.perform(.assign(PoolClaim(holder: "w")), seed: seed) == .draining) }
    }

    /// A pool whose making was broken off is none, until that is repeated.
    @Test func aPoolThatLacksAPartIsNone() async throws {
        let world = try await SplitWorld(tokens: 3)
        _ = try await world.parts.perform(.remove(limit: 10), in: 1)
        let id = PooledTokenID.spread(1, of: 3)
        for verb: PoolVerb in [.statistics, .add(NewToken.spread(1)), .keepAlive(id, lease: nil), .list(after: nil, limit: 9), .settle] {
            #expect(try await world.perform(verb) == .noPool, "\(verb)")
        }
        #expect(try await world.perform(.create(world.policy)) == .done)
        #expect(try await world.statistics().total == 2)
    }

    /// One instance knows a pool that another has made anew, with other parts or with one.
    @Test(arguments: [1, 2, 3, 5]) func whatAnInstanceRemembersNeedNotBeTrue(count: Int) async throws {
        let world = try await SplitWorld(tokens: 6)
        let other = SplitPools(world.inner)
        let policy = world.policy.with(parts: count)
        for verb: PoolVerb in [.remove(limit: 100), .create(policy), .add(NewToken.spread(4))] {
            _ = try await other.perform(verb, in: .usual, now: world.now, seed: 0)
        }
        #expect(try await world.take(seed: 4).count == 1)
        #expect(try await world.statistics().total == 4)
        #expect(try await world.perform(.add(NewToken.spread(7))) != .noPool)
        #expect(try await world.stored().count == (count == 1 ? 1 : count + 1))
        let before = world.inner.verbs
        _ = try await world.take(seed: 4)
        #expect(world.inner.verbs == before + 1, "it does not know better yet")
        #expect(try await world.perform(.remove(limit: 100)) == .done)
        #expect(try await world.stored() == [])
        #expect(try await other.perform(.settle, in: .usual, now: world.now, seed: 0).outcome == .noPool)
    }

    /// Whoever is last to look leaves the parts as the pool is.
    @Test func ofTwoWhoChangeItAtOnceOneHasDecidedForAllParts() async throws {
        for _ in 0..<30 {
            let world = try await SplitWorld(parts: 4)
            await withTaskGroup(of: Void.self) { group in
                for number in 1...6 {
                    group.addTask {
                        let policy = PoolPolicy(lifetime: .seconds(number), rest: .zero, parts: 4)
                        let verb = number % 2 == 0 ? PoolVerb.change(policy) : .turn(number == 3 ? .paused : .open)
                        _ = try? await SplitPools(world.inner).perform(verb, in: .usual, now: world.now, seed: 0)
                    }
                }
            }
            let all = try await world.statistics()
            for part in 0..<4 {
                guard case .statistics(let own) = try await world.parts.perform(.statistics, in: part).outcome else { return #expect(Bool(false)) }
                #expect(own.policy == all.policy.ofPart && own.phase == all.phase)
            }
        }
    }

    /// Removed while another still made its parts: none of them stays.
    @Test func whatIsMadeWhileThePoolIsRemovedGoesToo() async throws {
        let world = try await SplitWorld()
        let maker = SplitPools(
            Interposed(world.inner) {
                let remover = SplitPools(world.inner)
                while try await remover.perform(.remove(limit: 100), in: .usual, now: world.now, seed: 0).outcome == .more {}
            })
        #expect(try await maker.perform(.create(world.policy), in: .usual, now: world.now, seed: 0).outcome == .noPool)
        #expect(try await world.stored() == [])
    }

    @Test func theRoomOfAPoolIsThatOfAllItsParts() async throws {
        let world = try await SplitWorld(PoolPolicy(rest: .zero, mostTokens: 10), tokens: 9)
        #expect(try await world.perform(.add([.sample(1), .sample(2)])) == .full(room: 1))
        #expect(try await world.statistics().total == 9, "nothing was put in")
        #expect(try await world.perform(.add(NewToken.spread(9) + [.sample(1), .sample(1)])) == .added(1), "what is there needs no room")
        #expect(try await world.perform(.add(NewToken.spread(9))) == .added(0))
        #expect(try await world.perform(.add([.sample(3)])) == .full(room: 0))
    }

    @Test func aSmallerPoolLosesFreeTokensFirstAndOfAllParts() async throws {
        let world = try await SplitWorld(parts: 4, tokens: 40)
        var held: [AssignedToken] = []
        for seed in 0..<20 as Range<UInt64> { held += try await world.take(seed: seed) }
        #expect(try await world.perform(.shrink(to: 36, limit: 1)) == .shrunk(removed: 1, surplus: 0, more: true))
        #expect(try await world.perform(.shrink(to: 36, limit: 1_000)) == .shrunk(removed: 3, surplus: 0, more: false))
        #expect(try await world.perform(.shrink(to: 10, limit: 1_000)) == .shrunk(removed: 16, surplus: 10, more: false))
        var parts: [Int] = []
        for part in 0..<4 {
            guard case .statistics(let own) = try await world.parts.perform(.statistics, in: part).outcome else { return #expect(Bool(false)) }
            parts.append(own.surplus)
        }
        #expect(parts.reduce(0, +) == 10 && parts.allSatisfy { (2...3).contains($0) }, "\(parts)")
        for token in held { _ = try await world.perform(.release(token.id, lease: token.lease)) }
        let left = try await world.statistics()
        #expect(left.total == 10 && left.surplus == 0)
        #expect(try await world.perform(.shrink(to: 12, limit: 1_000)) == .shrunk(removed: 0, surplus: 0, more: false))
    }

    @Test func sharesAddUpAndAreNeverMoreThanThereIs() {
        for stocks in [[0], [5], [3, 0, 9], [1, 1, 1, 1], [1_000_000, 1, 20_000_000]] {
            let all = stocks.reduce(0, +)
            for amount in [0, 1, 2, 3, all / 2, all - 1, all, all + 5] where amount >= 0 {
                let shares = PoolParts.shares(of: amount, among: stocks)
                #expect(shares.reduce(0, +) == min(amount, all) && zip(shares, stocks).allSatisfy { $0 >= 0 && $0 <= $1 }, "\(amount) of \(stocks)")
            }
        }
    }
}

extension NewToken {
    /// A token whose id is none of `spread`.
    fileprivate static func sample(_ number: UInt8) -> NewToken {
        guard let id = PooledTokenID([number &* 80] + [UInt8](repeating: 7, count: 15)) else { preconditionFailure("16 bytes are an id") }
        return NewToken(id: id, sealed: [number])
    }
}

/// A store in which something happens after the pool itself has answered first.
private final class Interposed: LeasePool {
    private let inner: any LeasePool
    private let body: @Sendable () async throws -> Void
    private let isOver = Atomic(false)

    init(_ inner: any LeasePool, _ body: @escaping @Sendable () async throws -> Void) {
        self.inner = inner
        self.body = body
    }

    func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        let reply = try await inner.perform(verb, in: pool, now: now, seed: seed)
        if case .statistics = verb, !isOver.exchange(true, ordering: .relaxed) { try? await body() }
        return reply
    }

    func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] { try await inner.pools(after: after, limit: limit) }
}
