public import Logging
import Synchronization
public import TokenCore
public import TokenSealing

/// The driver of a store of pools: makes, seals and opens the values of tokens, tells the time, and keeps the waiters of this instance.
///
/// What a pool allows is decided by `PoolMachine` in the store; nothing here holds a token back or remembers who has it. So any number of instances
/// serve one pool, and one that dies takes nothing along but its places in queues, for as long as `PoolClaim.ticketLife`.
public final class TokenPools: Sendable {
    /// How many tokens one call makes at most.
    public static let mostGenerated = 10_000
    /// How many bytes a token's value has at most.
    public static let longestValue = 4_096
    /// How many claims may wait here, in all pools together: as many as an instance has connections.
    public static let mostWaiting = 16_384

    /// When things are due, by the engine's clock.
    public let clock: any WallClock
    let store: any LeasePool
    let sealer: PoolSealer
    let logger: Logger
    /// What is known here of each pool that anybody asked for. Guarded while one is looked up, added or taken away. No more than there are pools.
    let desks = Mutex<[PoolName: PoolDesk]>([:])
    /// How far the search for pools that nobody calls has come.
    let searched = Mutex<PoolName?>(nil)
    /// How many wait here.
    let waiting = Atomic(0)
    /// Guards the last figures, for as long as it takes to read them.
    let lastFigures = Mutex<(figures: [PoolFigures], at: ContinuousClock.Instant)?>(nil)

    init(store: any LeasePool, sealer: PoolSealer, clock: any WallClock, logger: Logger) {
        self.store = store
        self.sealer = sealer
        self.clock = clock
        self.logger = logger
    }

    /// The pools of a store: reads what their tokens are sealed with, or draws it, and makes the pool `default` or gives it its policy.
    ///
    /// - Parameters:
    ///   - records: where that secret is.
    ///   - usual: the policy of the pool `default`.
    /// - Throws: what the store throws; `.corrupt` too when the seal file lacks the key that the secret is sealed with.
    public static func open(
        _ store: any LeasePool, records: any RecordStore, seals: SealKeys, usual: PoolPolicy, clock: any WallClock, logger: Logger
    ) async throws(StoreError) -> TokenPools {
        let secret = try await PoolSecret.open(in: records, seals: seals, now: clock.now())
        let pools = TokenPools(store: SplitPools(store), sealer: PoolSealer(secret), clock: clock, logger: logger)
        try await pools.settle(usual)
        try await pools.search()
        return pools
    }

    private func settle(_ usual: PoolPolicy) async throws(StoreError) {
        var outcome = try await perform(.create(usual), in: .usual).outcome
        if outcome == .otherPolicy { outcome = try await perform(.change(usual), in: .usual).outcome }
        guard outcome == .done else { throw .corrupt("the pool default has an order of its own: \(outcome)") }
    }
}

// MARK: - One verb

extension TokenPools {
    /// Does one verb, and takes in what it says of the pool.
    ///
    /// - Parameter forFirst: whether it asks for who is first in line here: that there is something to be had, and still not enough for that one,
    ///   is then no reason to ask again.
    func perform(_ verb: PoolVerb, in pool: PoolName, forFirst: Bool = false) async throws(StoreError) -> PoolReply {
        let reply = try await store.perform(verb, in: pool, now: clock.now(), seed: Self.chance())
        var awakens = true
        if forFirst, case .waiting = reply.outcome { awakens = false }
        note(reply, in: pool, awakens: awakens)
        return reply
    }

    /// The same, for a request: nothing is assigned or made while the clock stands.
    func ask(_ verb: PoolVerb, in pool: PoolName) async throws(OAuthError) -> PoolReply {
        if clock.isBehind { throw .unavailable(detail: "the system's clock went back by more than the leeway") }
        do { return try await perform(verb, in: pool) } catch { throw OAuthError(error) }
    }

    private func note(_ reply: PoolReply, in pool: PoolName, awakens: Bool) {
        guard reply.outcome != .noPool else {
            let gone = desks.withLock { $0.removeValue(forKey: pool) }
            gone?.dismiss(.noPool)
            return
        }
        let desk = desk(of: pool)
        if desk.note(reply, awakens: awakens) { serve(desk) }
    }

    /// What is known of a pool that is there.
    func desk(of pool: PoolName) -> PoolDesk {
        desks.withLock { desks in
            if let known = desks[pool] { return known }
            let desk = PoolDesk(pool)
            desks[pool] = desk
            return desk
        }
    }

    private static func chance() -> UInt64 { SystemRandomness.bytes(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
