import Synchronization
import Testing
import TokenCore

@testable import TokenEngine

/// A pool of parts over a store whose verbs can be made to fail, with a clock in hand.
final class SplitWorld: Sendable {
    let inner = FaultyParts()
    let pools: SplitPools
    let policy: PoolPolicy
    private let time = Mutex(UnixTime(milliseconds: 1_790_000_000_123))

    init(_ policy: PoolPolicy = PoolPolicy(rest: .zero), parts: Int = 3, tokens: Int = 0) async throws {
        pools = SplitPools(inner)
        self.policy = policy.with(parts: parts)
        #expect(try await perform(.create(self.policy)) == .done)
        guard tokens > 0 else { return }
        #expect(try await perform(.add(NewToken.spread(tokens))) == .added(tokens))
    }

    var now: UnixTime { time.withLock { $0 } }
    func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
    var parts: PoolParts { PoolParts(store: inner, pool: .usual, count: policy.parts, now: now, seed: 0) }

    func reply(_ verb: PoolVerb, seed: UInt64 = 0) async throws -> PoolReply { try await pools.perform(verb, in: .usual, now: now, seed: seed) }
    @discardableResult func perform(_ verb: PoolVerb, seed: UInt64 = 0) async throws -> PoolOutcome { try await reply(verb, seed: seed).outcome }

    func take(_ count: Int = 1, seed: UInt64 = 0) async throws -> [AssignedToken] {
        guard case .assigned(let taken) = try await perform(.assign(PoolClaim(holder: "w", count: count)), seed: seed) else { return [] }
        return taken
    }

    func statistics(of pools: SplitPools? = nil) async throws -> PoolStatistics {
        let reply = try await (pools ?? self.pools).perform(.statistics, in: .usual, now: now, seed: 0)
        guard case .statistics(let statistics) = reply.outcome else { throw StoreError.unavailable("\(reply.outcome)") }
        return statistics
    }

    /// The names of all pools and parts that the store below has.
    func stored() async throws -> [PoolName] {
        var found: [PoolName] = []
        for name in [.usual] + (1...8).flatMap({ count in (0..<count).map { PoolName.usual.part($0, of: count) } }) {
            if try await inner.base.perform(.statistics, in: name, now: now, seed: 0).outcome != .noPool { found.append(name) }
        }
        return found
    }
}

extension SplitWorld {
    /// A claim of an instance that waits without a place yet, or at its place.
    func ask(_ wait: Claim, of pools: SplitPools) async throws -> PoolOutcome {
        let claim = PoolClaim(holder: "w", waits: true, ticket: wait.ticket)
        return try await pools.perform(.assign(claim), in: .usual, now: now, seed: 0).outcome
    }

    struct Claim {
        var ticket: UInt64?
        static let wait = Claim()
        static func wait(_ ticket: UInt64) -> Claim { Claim(ticket: ticket) }
    }
}

extension PoolPolicy {
    func with(parts: Int) -> PoolPolicy {
        var policy = self
        policy.parts = parts
        return policy
    }
}

extension PooledTokenID {
    /// The ids of so many tokens lie evenly over the parts, and in the order of the parts.
    static func spread(_ number: Int, of count: Int) -> PooledTokenID {
        let place = (number * 65_536 + 32_768) / count
        guard let id = PooledTokenID([UInt8](repeating: 1, count: 14) + [UInt8(place >> 8 & 255), UInt8(place & 255)]) else {
            preconditionFailure("16 bytes are an id")
        }
        return id
    }
}

extension NewToken {
    static func spread(_ count: Int) -> [NewToken] { (0..<count).map { NewToken(id: .spread($0, of: count), sealed: [1, UInt8($0 & 255)]) } }
}

/// A store whose verbs fail when told, by pool and verb, before or after they were done.
final class FaultyParts: LeasePool {
    let base = InMemoryLeasePool()
    private let fault = Mutex<@Sendable (PoolName, PoolVerb) -> FaultyPool.Fault>({ _, _ in .none })
    private let seen = Mutex(0)

    func fail(_ fault: @escaping @Sendable (PoolName, PoolVerb) -> FaultyPool.Fault) { self.fault.withLock { $0 = fault } }
    /// How many verbs there were.
    var verbs: Int { seen.withLock { $0 } }

    func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        seen.withLock { $0 += 1 }
        let fault = fault.withLock { $0 }(pool, verb)
        if fault == .before { throw .unavailable("planted") }
        let reply = try await base.perform(verb, in: pool, now: now, seed: seed)
        if fault == .after { throw .outcomeUnknown("planted") }
        return reply
    }

    func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] { try await base.pools(after: after, limit: limit) }
}
