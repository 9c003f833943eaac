import Synchronization
public import TokenCore

/// Pools of several parts, over a store that sees pools only.
///
/// A pool of one part goes straight through. One of more has its policy, its phase and its queue under its own name, and its tokens in its parts: pools
/// under names that no caller can write, which lie wherever the store puts them. It is the store that says which pool is which: what is about tokens
/// that are elsewhere it answers with `split`. What is remembered here saves that question, and need not be true: parts of another number have other names,
/// and a part that is missing sends the verb back to the pool.
///
/// What holds of one pool and not of several parts is said in docs/pools.md.
public final class SplitPools: Sendable {
    private let store: any LeasePool

    private struct Known {
        let parts: Int
        /// Whether somebody waited when a claim of this instance last heard of the queue.
        var isQueued = false
    }

    /// The pools of which it is known that they have parts. No more than there are. Guarded while one is looked up or changed.
    private let known = Mutex<[PoolName: Known]>([:])

    /// Pools of several parts in a store.
    public init(_ store: any LeasePool) { self.store = store }
}

extension SplitPools: LeasePool {
    public func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        if case .remove(let limit) = verb { return try await remove(pool, limit, now: now, seed: seed) }
        var before: PoolReply?
        if let known = known.withLock({ $0[pool] }), verb.isForTokens(unless: known.isQueued) {
            before = try await ask(parts(known.parts, of: pool, now: now, seed: seed), verb)
            if let before {
                guard !isAnswer(before.outcome, to: verb) else {
                    return known.isQueued ? await ring(after: before, verb, in: pool, now: now, seed: seed) : before
                }
                note(before.outcome, to: verb, in: pool)
            }
        }
        var reply = try await store.perform(verb, in: pool, now: now, seed: seed)
        // Whoever takes or keeps a place has made nothing free.
        if case .assign = verb, known.withLock({ $0[pool] }) != nil { reply.wakes = false }
        if let count = reply.outcome.parts(after: verb) {
            known.withLock { known in if known[pool]?.parts != count { known[pool] = Known(parts: count) } }
            reply = try await finish(verb, in: parts(count, of: pool, now: now, seed: seed), reply)
        }
        note(reply.outcome, to: verb, in: pool)
        if let before { reply.absorb(before) }
        return reply
    }

    public func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] { try await store.pools(after: after, limit: limit) }

    /// Those of the store: a part has no queue, and rings for nobody.
    public func poolBells() -> AsyncStream<PoolBell> { store.poolBells() }

    private func parts(_ count: Int, of pool: PoolName, now: UnixTime, seed: UInt64) -> PoolParts {
        PoolParts(store: store, pool: pool, count: count, now: now, seed: seed)
    }

    /// Asks the parts before the pool. What fails there for a claim that waits is waited for.
    private func ask(_ parts: PoolParts, _ verb: PoolVerb) async throws(StoreError) -> PoolReply? {
        if case .assign(let claim) = verb, claim.waits { return try? await parts.perform(verb) }
        return try await parts.perform(verb)
    }

    /// Whether what the parts said is the last word: a claim that waits and found nothing takes a place, and where a part is missing the pool decides.
    private func isAnswer(_ outcome: PoolOutcome, to verb: PoolVerb) -> Bool {
        switch (outcome, verb) {
        case (.noPool, _): false
        case (.noneFree, .assign(let claim)): !claim.waits
        default: true
        }
    }

    /// A part does not know who waits. Where somebody does, whatever became free in it is told to the pool, whose bell all instances hear.
    private func ring(after reply: PoolReply, _ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async -> PoolReply {
        if case .assign = verb { return reply }
        if case .resting(let until) = reply.outcome, until > now { return reply }
        guard reply.wakes, let home = try? await store.perform(.settle, in: pool, now: now, seed: seed) else { return reply }
        var rung = reply
        rung.absorb(home)
        if !home.wakes { known.withLock { $0[pool]?.isQueued = false } }
        return rung
    }

    /// What is left to do after the pool itself has done what it has to.
    private func finish(_ verb: PoolVerb, in parts: PoolParts, _ home: PoolReply) async throws(StoreError) -> PoolReply {
        switch verb {
        case .assign(let claim):
            guard case .split(_, let ticket?) = home.outcome else { return try await parts.perform(verb) }
            return try await parts.assign(claim, at: ticket, home)
        case .create, .change, .turn: return try await parts.settleTerms(home)
        case .settle: return try await parts.settle(home)
        case .statistics: return try await parts.statistics(home)
        default: return try await parts.perform(verb)
        }
    }

    private func note(_ outcome: PoolOutcome, to verb: PoolVerb, in pool: PoolName) {
        switch (outcome, verb) {
        case (.noPool, _): known.withLock { $0[pool] = nil }
        case (.waiting, _): known.withLock { $0[pool]?.isQueued = true }
        // It was the first of all when it came: nobody had waited.
        case (.assigned, .assign(let claim)) where claim.waits && claim.ticket == nil: known.withLock { $0[pool]?.isQueued = false }
        default: break
        }
    }

    /// Removes a pool, its parts first: as long as one is there, so is the pool, and whoever was interrupted can go on.
    private func remove(_ pool: PoolName, _ limit: Int, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        let home = try await store.perform(.statistics, in: pool, now: now, seed: seed)
        var reply = PoolReply(.done)
        if let count = home.outcome.parts(after: .statistics) {
            reply = try await parts(count, of: pool, now: now, seed: seed).remove(limit, home)
            guard reply.outcome == .done else { return reply }
        }
        let last = try await store.perform(.remove(limit: limit), in: pool, now: now, seed: seed)
        reply.absorb(last)
        reply.outcome = last.outcome
        note(last.outcome == .done ? .noPool : last.outcome, to: .remove(limit: limit), in: pool)
        return reply
    }
}

extension PoolVerb {
    /// Whether the parts of a pool can answer it without the pool.
    ///
    /// - Parameter isQueued: whether somebody waits: then who would wait too takes a place before it asks.
    fileprivate func isForTokens(unless isQueued: Bool) -> Bool {
        switch self {
        case .assign(let claim): !claim.waits || (claim.ticket == nil && !isQueued)
        case .add, .keepAlive, .release, .putBack, .report, .restore, .delete, .shrink, .list: true
        case .create, .change, .turn, .remove, .leaveQueue, .keepWaiting, .statistics, .settle: false
        }
    }
}

extension PoolOutcome {
    /// How many parts the pool has that answered so; nil when that was all.
    fileprivate func parts(after verb: PoolVerb) -> Int? {
        let count: Int? =
            switch (self, verb) {
            case (.split(let parts, _), _): parts
            case (.statistics(let statistics), _): statistics.policy.parts
            case (.done, .create(let policy)), (.done, .change(let policy)): policy.parts
            default: nil
            }
        return count.flatMap { $0 > 1 ? $0 : nil }
    }
}
