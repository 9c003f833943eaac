// What time does to a pool.
extension PoolMachine {
    /// Does what is due, in the order of the moments, up to the bound.
    mutating func settleWhatIsDue() throws(Table.Failure) {
        for _ in 0..<Self.mostSettled {
            guard let token = try table.firstDue(by: now) else { break }
            try settle(token)
        }
        for _ in 0..<Self.mostSettled {
            guard header.statistics.waiting > 0, let ticket = try table.firstTicket(), ticket.until <= now else { break }
            try drop(ticket)
        }
    }

    /// The token of an id after everything that is due for it was done; nil if it is not in the pool, or not any more.
    mutating func settled(_ id: PooledTokenID) throws(Table.Failure) -> PooledToken? {
        while let token = try table.token(id) {
            guard let due = token.dueAt, due <= now else { return token }
            try settle(token)
        }
        return nil
    }

    /// Does the one thing that is due for a token. It may be followed by another: what lapses may have been without a sign of life for too long.
    private mutating func settle(_ token: PooledToken) throws(Table.Failure) {
        switch token.standing {
        case .assigned(let assignment):
            tell(.expired, token, at: assignment.until)
            try free(token, at: assignment.until)
        case .resting(let until): try free(token, at: until)
        case .free(_, let until): try drop(token, at: until ?? now)
        case .quarantined: preconditionFailure("a token that was set aside is due")
        }
    }

    /// A token becomes free, unless its rate lets it rest or the pool has too many.
    mutating func free(_ token: PooledToken, at moment: UnixTime, goesFirst: Bool = false) throws(Table.Failure) {
        if let rested = restOfRate(token), rested > moment { return try rest(token, until: rested) }
        guard header.statistics.surplus == 0 else {
            header.statistics.surplus -= 1
            return try drop(token, at: moment)
        }
        var freed = token
        // A rest may be longer than the limit; it is not held against the token.
        if case .resting = token.standing, let end = endOfLife(token), end <= moment { freed.lastSign = moment }
        freed.standing = .free(rank: try goesFirst ? firstRank(for: token) : rank(of: token), until: endOfLife(freed))
        try put(freed, replacing: token)
    }

    /// A token rests until then.
    mutating func rest(_ token: PooledToken, until moment: UnixTime) throws(Table.Failure) {
        var resting = token
        resting.standing = .resting(until: moment)
        try put(resting, replacing: token)
    }

    /// When a token may be assigned again as far as its rate goes; nil if at once.
    func restOfRate(_ token: PooledToken) -> UnixTime? {
        guard let rate = policy.rate, token.recent.count >= rate.count else { return nil }
        return token.recent[token.recent.count - rate.count] + rate.span
    }

    /// When a token is deleted for want of a sign of life; nil if never.
    func endOfLife(_ token: PooledToken) -> UnixTime? { policy.keepAliveLimit.map { token.lastSign + $0 } }

    /// Where a token stands among the free ones.
    mutating func rank(of token: PooledToken) -> Int64 {
        switch policy.order {
        case .random: return random.point()
        case .leastRecentlyUsed where token.lastLease > .none: return token.lastLease.value
        case .fifo, .leastRecentlyUsed:
            defer { header.nextRank += 1 }
            return header.nextRank
        }
    }

    /// Where a token stands that goes before all free ones; behind them if there is no room, which a token that was taken from there has.
    private mutating func firstRank(for token: PooledToken) throws(Table.Failure) -> Int64 {
        guard let first = try table.firstFree(from: 0), case .free(let lowest, _) = first.standing, lowest > 0 else { return rank(of: token) }
        return lowest - 1
    }

    /// A place in the queue is given up.
    mutating func drop(_ ticket: PoolTicket) throws(Table.Failure) {
        try table.remove(ticket)
        header.statistics.waiting -= 1
    }
}
