// What the holder of a token, or whoever looks after it, says of it. A lease that is given and not the current one changes nothing.
extension PoolMachine {
    /// A sign of life. It prolongs an assignment up to the longest hold; of a token that nobody holds it moves its end of life.
    mutating func keepAlive(_ id: PooledTokenID, _ lease: LeaseNumber?) throws(Table.Failure) -> PoolOutcome {
        guard let token = try settled(id) else { return .noToken }
        guard token.isHeld(under: lease) else { return .staleLease }
        var alive = token
        alive.lastSign = max(token.lastSign, now)
        var end: UnixTime?
        switch token.standing {
        case .assigned(var assignment):
            var wanted = now + policy.lifetime
            if let longest = policy.longestHold { wanted = min(wanted, assignment.since + longest) }
            // Never shortened, also when the longest hold was.
            assignment.until = max(assignment.until, wanted)
            alive.standing = .assigned(assignment)
            end = assignment.until
        case .free(let rank, _): alive.standing = .free(rank: rank, until: endOfLife(alive))
        case .resting, .quarantined: break
        }
        try put(alive, replacing: token)
        return .alive(until: end)
    }

    /// The holder gives a token back.
    mutating func release(_ id: PooledTokenID, _ lease: LeaseNumber?) throws(Table.Failure) -> PoolOutcome {
        guard let token = try settled(id) else { return .noToken }
        guard token.isHeld(under: lease) else { return .staleLease }
        guard token.assignment != nil else { return .notAssigned }
        var released = token
        released.failures = 0
        return .resting(until: try end(token, as: released, restingFor: policy.rest))
    }

    /// Undoes an assignment whose token nobody has seen: it is free at once, not counted against the rate, and in a pool of order `fifo` it goes before
    /// the others, where it was.
    mutating func putBack(_ id: PooledTokenID, _ lease: LeaseNumber) throws(Table.Failure) -> PoolOutcome {
        guard let token = try settled(id) else { return .noToken }
        guard token.isHeld(under: lease), let assignment = token.assignment else { return .staleLease }
        tell(.released, token, at: now)
        var unseen = token
        if unseen.recent.last == assignment.since { unseen.recent.removeLast() }
        try free(unseen, at: now, goesFirst: policy.order == .fifo)
        return .done
    }

    /// How it went with a token: a success forgets the failures before it, a failure ends the assignment.
    mutating func report(
        _ id: PooledTokenID, _ lease: LeaseNumber, failed: Bool, rest: Duration
    ) throws(Table.Failure) -> PoolOutcome {
        guard let token = try settled(id) else { return .noToken }
        guard token.isHeld(under: lease), let assignment = token.assignment else { return .staleLease }
        var told = token
        guard failed else {
            told.failures = 0
            try put(told, replacing: token)
            return .alive(until: assignment.until)
        }
        told.failures += 1
        guard let most = policy.failuresToQuarantine, told.failures >= most else {
            return .resting(until: try end(token, as: told, restingFor: max(policy.rest, rest)))
        }
        tell(.quarantined, token, at: now)
        told.lastSign = max(token.lastSign, now)
        told.standing = .quarantined
        try put(told, replacing: token)
        return .quarantined
    }

    /// Ends an assignment: the token rests for at least that long.
    private mutating func end(
        _ token: PooledToken, as changed: PooledToken, restingFor rest: Duration
    ) throws(Table.Failure) -> UnixTime {
        tell(.released, token, at: now)
        var released = changed
        released.lastSign = max(token.lastSign, now)
        let until = max(now + rest, restOfRate(token) ?? now)
        if until > now { try self.rest(released, until: until) } else { try free(released, at: now) }
        return until
    }

    /// A token that was set aside is free again, and its failures are forgotten.
    mutating func restore(_ id: PooledTokenID) throws(Table.Failure) -> PoolOutcome {
        guard let token = try settled(id) else { return .noToken }
        guard case .quarantined = token.standing else { return .done }
        var restored = token
        restored.failures = 0
        restored.lastSign = max(token.lastSign, now)
        try free(restored, at: now)
        return .done
    }

    /// Takes a token out for ever, whoever has it.
    mutating func delete(_ id: PooledTokenID, _ lease: LeaseNumber?) throws(Table.Failure) -> PoolOutcome {
        guard let token = try settled(id) else { return .noToken }
        guard token.isHeld(under: lease) else { return .staleLease }
        // One that was not free has left already, in the place of one that was to.
        if case .free = token.standing {} else { header.statistics.surplus = max(0, header.statistics.surplus - 1) }
        try drop(token, at: now)
        return .done
    }
}

extension PooledToken {
    /// Whether a caller that gave this lease may speak of the token: who gives none always may.
    fileprivate func isHeld(under lease: LeaseNumber?) -> Bool { lease == nil || assignment?.lease == lease }
}
