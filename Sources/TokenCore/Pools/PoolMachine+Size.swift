// How many tokens there are.
extension PoolMachine {
    /// Puts in those that are not there yet, if all of them have room.
    mutating func add(_ tokens: [NewToken]) throws(Table.Failure) -> PoolOutcome {
        var unknown: [NewToken] = []
        var seen: Set<PooledTokenID> = []
        for token in tokens where try settled(token.id) == nil && seen.insert(token.id).inserted { unknown.append(token) }
        let room = max(0, policy.mostTokens - header.statistics.total)
        guard unknown.count <= room else { return .full(room: room) }
        for new in unknown {
            var token = PooledToken(
                id: new.id, sealed: new.sealed, metadata: new.metadata, standing: .quarantined, lastSign: now)
            token.standing = .free(rank: rank(of: token), until: endOfLife(token))
            try put(token, replacing: nil)
        }
        // What was to leave may stay in the place of what came.
        header.statistics.surplus = max(0, header.statistics.surplus - unknown.count)
        return .added(unknown.count)
    }

    /// Removes free tokens until there are no more than that; those that are not free leave when they become so.
    mutating func shrink(to total: Int, _ limit: Int) throws(Table.Failure) -> PoolOutcome {
        var removed = 0
        while removed < limit, header.statistics.total > total, let token = try table.firstFree(from: 0) {
            try drop(token, at: now)
            removed += 1
        }
        let surplus = max(0, header.statistics.total - total)
        header.statistics.surplus = max(0, surplus - header.statistics.free)
        return .shrunk(removed: removed, surplus: surplus, more: header.statistics.free > 0 && surplus > 0)
    }

    /// Removes a pool piece by piece: from the first call on nothing is assigned.
    static func remove(
        _ limit: Int, _ header: PoolHeader, from table: Table, now: UnixTime
    ) throws(Table.Failure) -> PoolReply {
        var machine = PoolMachine(table, now: now, seed: 0, header: header)
        machine.header.statistics.phase = .draining
        let tokens = try machine.table.tokens(after: nil, limit: limit)
        for token in tokens { try machine.drop(token, at: now) }
        var places = 0
        while places < limit, let place = try machine.table.firstTicket() {
            try machine.drop(place)
            places += 1
        }
        let isOver = tokens.count < limit && places < limit
        try machine.table.setHeader(isOver ? nil : machine.header)
        var reply = PoolReply(isOver ? .done : .more)
        reply.happened = machine.happened
        reply.wakes = places > 0
        return reply
    }
}
