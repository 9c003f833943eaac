import TokenCore

// What the pool itself decides, carried to its parts: the pool first, so that of two who differ one has decided.
extension PoolParts {
    /// How often the pool is looked at again while others change it.
    private static let attempts = 16

    /// Makes the parts that are missing, and gives all of them the policy and the phase of the pool, until it has none that they have not. So whoever was
    /// interrupted repeats what it did, and of several who change the pool at once the last to look leaves the parts as the pool is.
    ///
    /// - Parameter home: what the pool answered to the change.
    func settleTerms(_ home: PoolReply) async throws(StoreError) -> PoolReply {
        try await changing { () throws(StoreError) in
            var reply = home
            reply.outcome = .done
            var settled: PoolStatistics?
            for _ in 0..<Self.attempts {
                let found = try await performAtHome(.statistics)
                reply.absorb(found)
                guard case .statistics(let terms) = found.outcome else {
                    // Removed meanwhile: what was made since goes too.
                    _ = try await removeTokens(PoolVerb.mostAdded)
                    reply.outcome = found.outcome
                    return reply
                }
                if let settled, settled.policy == terms.policy, settled.phase == terms.phase { return reply }
                for part in 0..<count { reply.absorb(try await settle(terms, in: part)) }
                settled = terms
            }
            throw .unavailable("the pool is changed again and again")
        }
    }

    private func settle(_ terms: PoolStatistics, in part: Int) async throws(StoreError) -> PoolReply {
        var reply = try await perform(.create(terms.policy.ofPart), in: part)
        if reply.outcome == .otherPolicy { reply.absorb(try await change(to: terms.policy.ofPart, in: part)) }
        reply.absorb(try await perform(.turn(terms.phase), in: part))
        return reply
    }

    /// A part of another order is what a pool of that name left that was removed and made at once: nothing can be in it that belongs to this one.
    private func change(to policy: PoolPolicy, in part: Int) async throws(StoreError) -> PoolReply {
        var reply = try await perform(.change(policy), in: part)
        guard reply.outcome == .otherPolicy else { return reply }
        while true {
            let removed = try await perform(.remove(limit: PoolVerb.mostAdded), in: part)
            reply.absorb(removed)
            guard removed.outcome == .more else { break }
        }
        reply.absorb(try await perform(.create(policy), in: part))
        return reply
    }

    /// Removes the parts, piece by piece; `done` when there are none. Whoever waits is sent away, and from the first piece on nothing is assigned.
    func remove(_ limit: Int, _ home: PoolReply) async throws(StoreError) -> PoolReply {
        try await changing { () throws(StoreError) in
            var reply = home
            for answer in [try await performAtHome(.turn(.draining))] + (try await performInAll(.turn(.draining))) { reply.absorb(answer) }
            let removed = try await removeTokens(limit)
            reply.absorb(removed)
            reply.outcome = removed.outcome
            return reply
        }
    }

    private func removeTokens(_ limit: Int) async throws(StoreError) -> PoolReply {
        var reply = PoolReply(.done)
        for part in 0..<count {
            let left = limit - reply.happened.count
            guard left > 0 else {
                reply.outcome = .more
                break
            }
            let answer = try await perform(.remove(limit: left), in: part)
            reply.absorb(answer)
            guard answer.outcome != .more else {
                reply.outcome = .more
                break
            }
        }
        return reply
    }
}
