import TokenCore

// How many tokens there are.
extension PoolParts {
    /// Puts tokens in, each into its part, if all of them have room in the pool. The room is looked at first: those who put tokens in at the same moment
    /// may together go beyond it, by as many as they put in.
    func add(_ tokens: [NewToken]) async throws(StoreError) -> PoolReply {
        var (reply, parts) = try await standing()
        guard let policy = parts.first?.policy, parts.count == count else { return reply }
        let room = max(0, policy.mostTokens - parts.reduce(0) { $0 + $1.total })
        if tokens.count > room, try await unknown(tokens) > room {
            reply.outcome = .full(room: room)
            return reply
        }
        let pieces = Dictionary(grouping: tokens) { part(of: $0.id) }.sorted { $0.key < $1.key }.map { (part: $0.key, verb: PoolVerb.add($0.value)) }
        var added = 0
        for answer in try await changing({ () throws(StoreError) in try await atOnce(pieces) }) {
            reply.absorb(answer)
            if case .added(let some) = answer.outcome { added += some } else { reply.outcome = answer.outcome }
        }
        if reply.outcome == .done { reply.outcome = .added(added) }
        reply.wakes = reply.wakes || added > 0
        return reply
    }

    /// How many of the tokens are not there: under a lease that nobody ever has, a sign of life changes nothing and tells one from the other.
    private func unknown(_ tokens: [NewToken]) async throws(StoreError) -> Int {
        let questions = Set(tokens.map(\.id)).map { (part: part(of: $0), verb: PoolVerb.keepAlive($0, lease: LeaseNumber.none)) }
        return try await atOnce(questions).count { $0.outcome == .noToken }
    }

    /// Removes free tokens until there are no more than that in all parts; those that are not free leave when they become so. What is to go is spread over
    /// the parts as they stand.
    func shrink(to total: Int, _ limit: Int) async throws(StoreError) -> PoolReply {
        var (reply, parts) = try await standing()
        guard parts.count == count else { return reply }
        let excess = max(0, parts.reduce(0) { $0 + $1.total } - total)
        let free = Self.shares(of: excess, among: parts.map(\.free))
        let others = Self.shares(of: excess - free.reduce(0, +), among: parts.map { $0.total - $0.free })
        var (removed, surplus, more) = (0, 0, false)
        for index in 0..<count {
            guard removed < limit else {
                more = true
                break
            }
            let verb = PoolVerb.shrink(to: parts[index].total - free[index] - others[index], limit: limit - removed)
            let answer = try await changing { () throws(StoreError) in try await perform(verb, in: index) }
            reply.absorb(answer)
            guard case .shrunk(let some, let left, let isUnfinished) = answer.outcome else {
                reply.outcome = answer.outcome
                return reply
            }
            removed += some
            surplus += left
            more = more || isUnfinished
        }
        reply.outcome = .shrunk(removed: removed, surplus: surplus, more: more)
        return reply
    }

    /// Spreads an amount over what there is, in proportion, and no more than there is.
    static func shares(of amount: Int, among stocks: [Int]) -> [Int] {
        let all = stocks.reduce(0, +)
        guard amount < all else { return stocks }
        var shares = stocks.map { $0 * amount / all }
        var left = amount - shares.reduce(0, +)
        for index in stocks.indices where left > 0 && shares[index] < stocks[index] {
            shares[index] += 1
            left -= 1
        }
        return shares
    }
}
