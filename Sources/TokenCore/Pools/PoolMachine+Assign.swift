// Taking tokens out, and the queue of those who wait for some.
extension PoolMachine {
    /// Takes out what a claim asks for, all or nothing: at once if nobody is before it and enough is free, else it waits or is refused.
    mutating func assign(_ claim: PoolClaim) throws(Table.Failure) -> PoolOutcome {
        let place = try place(of: claim)
        if header.statistics.phase == .draining { return try refuse(place, .draining) }
        guard try isWithinLimit(claim) else { return try refuse(place, .holderLimit) }
        let first = try table.firstTicket()
        let isItsTurn = first == nil || first?.number == place?.number
        if policy.parts > 1 { return try direct(claim, place, isItsTurn) }
        guard isItsTurn, header.statistics.phase == .open, let taken = try take(claim) else { return try wait(claim, place) }
        if let place { try drop(place) }
        return .assigned(taken)
    }

    /// In a pool of several parts a claim has its place here and its tokens elsewhere.
    private mutating func direct(_ claim: PoolClaim, _ place: PoolTicket?, _ isItsTurn: Bool) throws(Table.Failure) -> PoolOutcome {
        guard claim.waits else { return try refuse(place, .split(parts: policy.parts, ticket: nil)) }
        let outcome = try wait(claim, place)
        guard isItsTurn, header.statistics.phase == .open, case .waiting(let ticket) = outcome else { return outcome }
        return .split(parts: policy.parts, ticket: ticket)
    }

    /// The claim's place in the queue, if it has one that was kept.
    private func place(of claim: PoolClaim) throws(Table.Failure) -> PoolTicket? {
        guard let number = claim.ticket else { return nil }
        return try table.ticket(number)
    }

    private mutating func refuse(_ place: PoolTicket?, _ outcome: PoolOutcome) throws(Table.Failure) -> PoolOutcome {
        if let place { try drop(place) }
        return outcome
    }

    private func isWithinLimit(_ claim: PoolClaim) throws(Table.Failure) -> Bool {
        guard let most = policy.mostPerHolder, !claim.holder.isEmpty else { return true }
        return try table.held(by: claim.holder) + claim.count <= most
    }

    private mutating func wait(_ claim: PoolClaim, _ place: PoolTicket?) throws(Table.Failure) -> PoolOutcome {
        guard claim.waits else {
            if let place { try drop(place) }
            return .noneFree(next: try table.firstDueAt())
        }
        if let place {
            try table.put(PoolTicket(number: place.number, until: now + PoolClaim.ticketLife))
            return .waiting(ticket: place.number)
        }
        guard header.statistics.waiting < Self.mostWaiting else { return .queueFull }
        let ticket = PoolTicket(number: header.nextTicket, until: now + PoolClaim.ticketLife)
        header.nextTicket += 1
        header.statistics.waiting += 1
        try table.put(ticket)
        return .waiting(ticket: ticket.number)
    }

    /// Assigns as many free tokens as are asked for; nil, and nothing is changed, when there are not so many.
    private mutating func take(_ claim: PoolClaim) throws(Table.Failure) -> [AssignedToken]? {
        guard let tokens = try nextFree(claim.count) else { return nil }
        var taken: [AssignedToken] = []
        for token in tokens { taken.append(try assign(token, to: claim.holder)) }
        return taken
    }

    /// The free tokens whose turn it is. Those found past their end are deleted on the way.
    private mutating func nextFree(_ count: Int) throws(Table.Failure) -> [PooledToken]? {
        guard header.statistics.free >= count else { return nil }
        var tokens: [PooledToken] = []
        let start = policy.order == .random ? random.point() : 0
        var rank = start
        var hasTurned = false
        var mayDrop = Self.mostSettled
        while tokens.count < count {
            guard let token = try table.firstFree(from: rank), case .free(let found, let until) = token.standing, !hasTurned || found < start
            else {
                guard !hasTurned, start > 0 else { return nil }
                (rank, hasTurned) = (0, true)
                continue
            }
            rank = found + 1
            guard let until, until <= now else {
                tokens.append(token)
                continue
            }
            guard mayDrop > 0 else { return nil }
            mayDrop -= 1
            try drop(token, at: until)
        }
        return tokens
    }

    private mutating func assign(_ token: PooledToken, to holder: PoolHolder) throws(Table.Failure) -> AssignedToken {
        header.lastLease = header.lastLease.next(at: now)
        var assigned = token
        assigned.lastLease = header.lastLease
        assigned.lastSign = max(token.lastSign, now)
        if let rate = policy.rate { assigned.recent = Array((token.recent + [now]).suffix(rate.count)) }
        let lifetime = min(policy.lifetime, policy.longestHold ?? policy.lifetime)
        let assignment = PooledToken.Assignment(lease: header.lastLease, holder: holder, since: now, until: now + lifetime)
        assigned.standing = .assigned(assignment)
        try put(assigned, replacing: token)
        tell(.assigned, assigned, at: now)
        return AssignedToken(
            id: token.id, sealed: token.sealed, metadata: token.metadata, lease: assignment.lease, lifetime: lifetime)
    }

    /// A claim gives up its place.
    mutating func leaveQueue(_ number: UInt64) throws(Table.Failure) -> PoolOutcome {
        if let place = try table.ticket(number) { try drop(place) }
        return .done
    }

    /// Keeps the places of waiters; one that is lost already stays lost, and its waiter goes to the end when it asks again.
    mutating func keepWaiting(_ numbers: [UInt64]) throws(Table.Failure) -> PoolOutcome {
        for number in numbers where try table.ticket(number) != nil {
            try table.put(PoolTicket(number: number, until: now + PoolClaim.ticketLife))
        }
        return .done
    }
}
