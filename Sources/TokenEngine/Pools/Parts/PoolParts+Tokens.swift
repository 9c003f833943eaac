import TokenCore

// How all parts stand, and which tokens they have.
extension PoolParts {
    /// How each part stands. Without the last of them, and with its answer, when one is missing.
    func standing() async throws(StoreError) -> (reply: PoolReply, parts: [PoolStatistics]) {
        var reply = PoolReply(.done)
        var parts: [PoolStatistics] = []
        for part in try await performInAll(.statistics) {
            reply.absorb(part)
            if case .statistics(let own) = part.outcome { parts.append(own) } else { reply.outcome = part.outcome }
        }
        return (reply, parts)
    }

    /// The standing of the pool.
    ///
    /// - Parameter home: what the pool itself said: its policy, its phase, and who waits.
    func statistics(_ home: PoolReply) async throws(StoreError) -> PoolReply {
        guard case .statistics(var all) = home.outcome else { return home }
        var (reply, parts) = try await standing()
        reply.absorb(home)
        guard parts.count == count else { return reply }
        for part in parts {
            all.free += part.free
            all.assigned += part.assigned
            all.resting += part.resting
            all.quarantined += part.quarantined
            all.surplus += part.surplus
        }
        reply.outcome = .statistics(all)
        return reply
    }

    /// Settles what is due everywhere. That somebody waits the pool has said: that a rest has ended is told by nothing else.
    func settle(_ home: PoolReply) async throws(StoreError) -> PoolReply {
        var reply = home
        reply.outcome = .done
        for part in try await changing({ () throws(StoreError) in try await performInAll(.settle) }) {
            reply.absorb(part)
            if part.outcome != .done { reply.outcome = part.outcome }
        }
        return reply
    }

    /// Tokens, part by part in their order, and in each in the order of their ids.
    func list(after: PooledTokenID?, _ limit: Int) async throws(StoreError) -> PoolReply {
        var reply = PoolReply(.done)
        var found: [PooledToken] = []
        let first = after.map(part) ?? 0
        for part in first..<count where found.count < limit {
            let page = try await perform(.list(after: part == first ? after : nil, limit: limit - found.count), in: part)
            reply.absorb(page)
            guard case .tokens(let tokens) = page.outcome else {
                reply.outcome = page.outcome
                return reply
            }
            found += tokens
        }
        reply.outcome = .tokens(found)
        return reply
    }
}
