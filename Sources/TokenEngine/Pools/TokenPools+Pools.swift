import Synchronization
public import TokenCore

// Making, changing and looking at pools.
extension TokenPools {
    /// Makes a pool.
    ///
    /// - Returns: whether there was none; false when it was there with the same policy.
    /// - Throws: `conflict` when it is there with another; `invalid_request` with what is wrong with the policy; `temporarily_unavailable`.
    public func create(_ pool: PoolName, _ policy: PoolPolicy) async throws(OAuthError) -> Bool {
        try check(policy)
        let isNew = try await ask(.statistics, in: pool).outcome == .noPool
        let outcome = try await ask(.create(policy), in: pool).outcome
        guard outcome == .done else { throw refusal(outcome) }
        return isNew
    }

    /// Has a pool go on by another policy.
    ///
    /// - Throws: `not_found`; `conflict` where it cannot change; `invalid_request` with what is wrong with the policy; `temporarily_unavailable`.
    public func change(_ pool: PoolName, to policy: PoolPolicy) async throws(OAuthError) {
        try check(policy)
        let outcome = try await ask(.change(policy), in: pool).outcome
        guard outcome == .done else { throw refusal(outcome) }
    }

    /// Removes a pool with everything in it, piece by piece; from the first piece on nothing of it is assigned.
    ///
    /// - Throws: `not_found`, `temporarily_unavailable`: then it is repeated.
    public func remove(_ pool: PoolName) async throws(OAuthError) {
        while true {
            switch try await ask(.remove(limit: PoolVerb.mostAdded), in: pool).outcome {
            case .more: continue
            case .done:
                desks.withLock { $0.removeValue(forKey: pool) }?.dismiss(.noPool)
                return
            case let outcome: throw refusal(outcome)
            }
        }
    }

    /// Lets tokens be assigned, or not.
    ///
    /// - Throws: `not_found`, `temporarily_unavailable`.
    public func turn(_ pool: PoolName, _ phase: PoolPhase) async throws(OAuthError) -> PoolStatistics {
        let outcome = try await ask(.turn(phase), in: pool).outcome
        guard outcome == .done else { throw refusal(outcome) }
        return try await statistics(of: pool)
    }

    /// How a pool stands.
    ///
    /// - Throws: `not_found`, `temporarily_unavailable`.
    public func statistics(of pool: PoolName) async throws(OAuthError) -> PoolStatistics {
        let outcome = try await ask(.statistics, in: pool).outcome
        guard case .statistics(let statistics) = outcome else { throw refusal(outcome) }
        return statistics
    }

    /// The tokens of a pool in the order of their ids, after `after`, without their values.
    ///
    /// - Parameter limit: 1 ... 1,000; fewer are the last.
    /// - Throws: `not_found`, `temporarily_unavailable`.
    public func tokens(of pool: PoolName, after: PooledTokenID?, limit: Int) async throws(OAuthError) -> [PooledToken] {
        let outcome = try await ask(.list(after: after, limit: limit), in: pool).outcome
        guard case .tokens(let tokens) = outcome else { throw refusal(outcome) }
        return tokens
    }

    /// The names of pools, in their order.
    ///
    /// - Parameter limit: 1 ... 1,000; fewer are the last.
    /// - Throws: `temporarily_unavailable`.
    public func names(after: PoolName?, limit: Int) async throws(OAuthError) -> [PoolName] {
        do { return try await store.pools(after: after, limit: limit) } catch { throw OAuthError(error) }
    }

    /// What a change of a pool's size did.
    public struct Resized: Sendable {
        /// The tokens that were made.
        public var made: [Secret] = []
        /// How many left at once.
        public var removed = 0
        /// How many leave when they become free.
        public var leaving = 0
    }

    /// Gives a pool so many tokens: makes what is missing, at most `mostGenerated`, or has free ones leave at once and others when they become free.
    ///
    /// - Throws: `out_of_bounds`, `pool_full`, `not_found`, `temporarily_unavailable`.
    public func resize(_ pool: PoolName, to count: Int) async throws(OAuthError) -> Resized {
        let before = try await statistics(of: pool)
        guard (0...PoolPolicy.mostTokensEver).contains(count), count - before.total <= Self.mostGenerated else {
            throw OAuthError(.outOfBounds, "A pool has 0 to 20000000 tokens, and one call makes at most 10000.")
        }
        guard count <= before.policy.mostTokens else { throw refusal(.full(room: 0)) }
        var resized = Resized()
        // Also where the pool grows: what was to leave stays.
        var goesOn = true
        while goesOn {
            let outcome = try await ask(.shrink(to: count, limit: PoolVerb.mostAdded), in: pool).outcome
            guard case .shrunk(let removed, let surplus, let more) = outcome else { throw refusal(outcome) }
            resized.removed += removed
            resized.leaving = surplus
            goesOn = more
        }
        let missing = count - (try await statistics(of: pool)).total
        if missing > 0 { resized.made = try await generate(missing, in: pool) }
        return resized
    }

    private func check(_ policy: PoolPolicy) throws(OAuthError) {
        guard let problem = policy.problems.first else { return }
        throw OAuthError(.invalidRequest, problem)
    }
}
