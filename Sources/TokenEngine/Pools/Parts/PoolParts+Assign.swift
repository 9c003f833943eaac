import TokenCore

// Taking tokens out of parts.
extension PoolParts {
    /// Asks one part after the other, beginning with one that chance picks, until one has as many as are wanted. A part that cannot answer now is passed
    /// over: the others have tokens too.
    func assign(_ claim: PoolClaim) async throws(StoreError) -> PoolReply {
        let atOnce = PoolClaim(holder: claim.holder, count: claim.count)
        let start = Int(seed % UInt64(count))
        var reply = PoolReply(.noneFree(next: nil))
        var failure: StoreError?
        for step in 0..<count {
            do throws(StoreError) {
                let answer = try await perform(.assign(atOnce), in: (start + step) % count)
                reply.absorb(answer)
                if case .noneFree = answer.outcome { continue }
                reply.outcome = answer.outcome
                return reply
            } catch {
                guard error.isAsIfNotAsked else { throw error }
                failure = error
            }
        }
        if let failure { throw failure }
        reply.outcome = .noneFree(next: reply.nextDue)
        return reply
    }

    /// The same for a claim whose turn it is. It keeps its place until it has what it wants, or goes without it; when a part fails it waits on. Whoever is
    /// interrupted between the two leaves a place that lasts five seconds, and tokens that last their lifetime.
    func assign(_ claim: PoolClaim, at ticket: UInt64, _ home: PoolReply) async throws(StoreError) -> PoolReply {
        var reply = home
        reply.outcome = .waiting(ticket: ticket)
        guard let answer = try? await assign(claim) else { return reply }
        reply.absorb(answer)
        if case .noneFree = answer.outcome { return reply }
        reply.outcome = answer.outcome
        if let left = try? await performAtHome(.leaveQueue(ticket: ticket)) { reply.absorb(left) }
        return reply
    }
}

extension StoreError {
    /// Whether nothing was done, and may be done later.
    fileprivate var isAsIfNotAsked: Bool {
        switch self {
        case .unavailable, .overloaded: true
        case .conflict, .outcomeUnknown, .corrupt: false
        }
    }
}
