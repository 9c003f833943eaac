import Logging
import Synchronization
import Testing
import TokenCore
import TokenSealing

@testable import TokenEngine

/// Pools over the reference store, with a clock in hand.
struct PoolHarness {
    let clock = ManualClock()
    let records = InMemoryStore()
    let store: FaultyPool
    let seals: SealKeys
    let pools: TokenPools

    /// - Parameter usual: the policy of the pool `default`; without a rest unless said.
    init(_ usual: PoolPolicy = PoolPolicy(rest: .zero), seals: SealKeys = .generate()) async throws {
        store = FaultyPool(InMemoryLeasePool())
        self.seals = seals
        pools = try await TokenPools.open(store, records: records, seals: seals, usual: usual, clock: clock, logger: .silent)
    }

    /// Another instance over the same stores, or the same after a restart.
    func another(_ usual: PoolPolicy = PoolPolicy(rest: .zero), seals: SealKeys? = nil) async throws -> TokenPools {
        try await TokenPools.open(store, records: records, seals: seals ?? self.seals, usual: usual, clock: clock, logger: .silent)
    }

    /// Takes one token at once.
    func take(_ pool: PoolName = .usual, holder: String = "", from pools: TokenPools? = nil) async throws -> TakenToken {
        guard case .taken(let tokens) = try await (pools ?? self.pools).claim(PoolClaim(holder: holder), in: pool), let token = tokens.first else {
            throw OAuthError(.serverError, "a claim that does not wait waits")
        }
        return token
    }

    /// Takes a place.
    func queue(_ count: Int = 1, holder: String = "", in pools: TokenPools? = nil) async throws -> PoolPlace {
        guard case .waiting(let place) = try await (pools ?? self.pools).claim(PoolClaim(holder: holder, count: count, waits: true), in: .usual)
        else {
            throw OAuthError(.serverError, "a claim that waits had a token at once")
        }
        return place
    }

    /// Waits until a condition holds: for what another task does by itself.
    static func until(_ condition: @Sendable () async throws -> Bool) async throws {
        for _ in 0..<2_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("what was waited for did not come")
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// A store of pools whose verbs fail when told, before or after they were done, and which counts them.
final class FaultyPool: LeasePool {
    /// What happens to a verb.
    enum Fault: Sendable { case none, before, after }

    private let inner: any LeasePool
    private let fault = Mutex<@Sendable (PoolVerb) -> Fault>({ _ in .none })
    private let gate = Mutex<(@Sendable (PoolVerb) async -> Void)?>(nil)
    private let seen = Mutex(0)
    private let bellRopes = Mutex<[AsyncStream<PoolBell>.Continuation]>([])

    init(_ inner: any LeasePool) { self.inner = inner }

    /// Has verbs fail.
    func fail(_ fault: @escaping @Sendable (PoolVerb) -> Fault) { self.fault.withLock { $0 = fault } }
    /// Has every verb wait for this before its answer is known.
    func hold(_ body: (@Sendable (PoolVerb) async -> Void)?) { gate.withLock { $0 = body } }
    /// Rings.
    func ring(_ bell: PoolBell) { for rope in bellRopes.withLock({ $0 }) { rope.yield(bell) } }
    /// How many have asked for the bells.
    var listeners: Int { bellRopes.withLock { $0.count } }
    /// How many verbs there were.
    var verbs: Int { seen.withLock { $0 } }

    func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        seen.withLock { $0 += 1 }
        let fault = fault.withLock { $0 }(verb)
        if fault == .before { throw .unavailable("planted") }
        let reply = try await inner.perform(verb, in: pool, now: now, seed: seed)
        if let gate = gate.withLock({ $0 }) { await gate(verb) }
        if fault == .after { throw .outcomeUnknown("planted") }
        return reply
    }

    func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] { try await inner.pools(after: after, limit: limit) }

    func poolBells() -> AsyncStream<PoolBell> {
        let (stream, rope) = AsyncStream.makeStream(of: PoolBell.self)
        bellRopes.withLock { $0.append(rope) }
        return stream
    }
}
