/// What a verb does to a pool: the rules, over a table of rows, with the time as an argument.
///
/// Every verb first settles what is due, at most `mostSettled` tokens and as many places in the queue, so that a verb's work is bounded however many
/// fall due at once; a token that a verb names is settled first of all. With more than that overdue, the rest looks as it did before its moment
/// until later verbs or the ticker have come to it, with two exceptions: no token is assigned past its own end, and none is kept alive past it.
///
/// A machine is made for one verb; when it throws, the table is not to be kept.
public struct PoolMachine<Table: PoolTable> {
    /// How many tokens that are due one verb settles.
    public static var mostSettled: Int { 64 }
    /// How many may wait in a queue.
    public static var mostWaiting: Int { 10_000 }

    let table: Table
    let now: UnixTime
    var random: PoolChance
    var header: PoolHeader
    var happened: [PoolEvent] = []

    init(_ table: Table, now: UnixTime, seed: UInt64, header: PoolHeader) {
        self.table = table
        self.now = now
        random = PoolChance(seed)
        self.header = header
    }

    /// Does what is asked of a pool, in its table.
    public static func perform(
        _ verb: PoolVerb, on table: Table, now: UnixTime, seed: UInt64
    ) throws(Table.Failure) -> PoolReply {
        guard let header = try table.header() else { return try create(verb, on: table) }
        if case .remove(let limit) = verb { return try remove(limit, header, from: table, now: now) }
        var machine = PoolMachine(table, now: now, seed: seed, header: header)
        try machine.settleWhatIsDue()
        var reply = PoolReply(try machine.perform(verb))
        if machine.header != header { try machine.table.setHeader(machine.header) }
        reply.happened = machine.happened
        let statistics = machine.header.statistics
        // What is free in parts is not known here: whoever is first is to look.
        let mayHave = statistics.free > 0 || statistics.policy.parts > 1
        reply.wakes = statistics.waiting > 0 && (mayHave && statistics.phase == .open || statistics.phase == .draining)
        reply.nextDue = try table.firstDueAt()
        if statistics.waiting > 0, let place = try table.firstTicket() { reply.nextDue = min(reply.nextDue ?? place.until, place.until) }
        return reply
    }

    private static func create(_ verb: PoolVerb, on table: Table) throws(Table.Failure) -> PoolReply {
        guard case .create(let policy) = verb else { return PoolReply(.noPool) }
        try table.setHeader(PoolHeader(policy: policy))
        return PoolReply(.done)
    }

    private mutating func perform(_ verb: PoolVerb) throws(Table.Failure) -> PoolOutcome {
        if policy.parts > 1, verb.isForParts {
            if case .turn(let phase) = verb { _ = turn(phase) }
            return .split(parts: policy.parts, ticket: nil)
        }
        return switch verb {
        case .create(let policy): header.statistics.policy == policy ? .done : .otherPolicy
        case .change(let policy): change(to: policy)
        case .turn(let phase): turn(phase)
        case .remove: preconditionFailure("a removal was taken for another verb")
        case .add(let tokens): try add(tokens)
        case .assign(let claim): try assign(claim)
        case .leaveQueue(let ticket): try leaveQueue(ticket)
        case .keepWaiting(let tickets): try keepWaiting(tickets)
        case .keepAlive(let id, let lease): try keepAlive(id, lease)
        case .release(let id, let lease): try release(id, lease)
        case .putBack(let id, let lease): try putBack(id, lease)
        case .report(let id, let lease, let failed, let rest): try report(id, lease, failed: failed, rest: rest)
        case .restore(let id): try restore(id)
        case .delete(let id, let lease): try delete(id, lease)
        case .shrink(let total, let limit): try shrink(to: total, limit)
        case .statistics: .statistics(header.statistics)
        case .list(let after, let limit): .tokens(try table.tokens(after: after, limit: limit))
        case .settle: .done
        }
    }

    private mutating func turn(_ phase: PoolPhase) -> PoolOutcome {
        header.statistics.phase = phase
        return .done
    }

    private mutating func change(to policy: PoolPolicy) -> PoolOutcome {
        let old = self.policy
        guard policy.order == old.order, policy.parts == old.parts, (policy.mostPerHolder == nil) == (old.mostPerHolder == nil) else {
            return .otherPolicy
        }
        header.statistics.policy = policy
        return .done
    }
}

// MARK: - The rows and their counts

extension PoolMachine {
    var policy: PoolPolicy { header.statistics.policy }

    /// Writes a token in its new standing, with the counts that follow from it.
    mutating func put(_ token: PooledToken, replacing old: PooledToken?) throws(Table.Failure) {
        try count(old, by: -1)
        try count(token, by: 1)
        try table.put(token, replacing: old)
    }

    /// Removes a token, and tells of it.
    mutating func drop(_ token: PooledToken, at moment: UnixTime) throws(Table.Failure) {
        try count(token, by: -1)
        try table.remove(token)
        tell(.deleted, token, at: moment)
    }

    /// Adds an event about a token: of an assignment as it stands after it, of everything else as it stood before.
    mutating func tell(_ kind: PoolEvent.Kind, _ token: PooledToken, at moment: UnixTime) {
        let assignment = token.assignment
        happened.append(
            PoolEvent(
                kind, at: moment, token: token.id, lease: assignment?.lease ?? token.lastLease, holder: assignment?.holder ?? "",
                held: kind == .assigned ? nil : assignment.map { max(.zero, moment - $0.since) }))
    }

    private mutating func count(_ token: PooledToken?, by step: Int) throws(Table.Failure) {
        switch token?.standing {
        case .free: header.statistics.free += step
        case .assigned(let assignment):
            header.statistics.assigned += step
            guard policy.mostPerHolder != nil, !assignment.holder.isEmpty else { break }
            try table.setHeld(try table.held(by: assignment.holder) + step, by: assignment.holder)
        case .resting: header.statistics.resting += step
        case .quarantined: header.statistics.quarantined += step
        case nil: break
        }
    }
}

/// Chance for one verb, from its seed (SplitMix64): the same seed gives the same picks.
struct PoolChance {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// The next point of 0 ..< 2^48: the ranks of a pool of order `random`.
    mutating func point() -> Int64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int64((mixed ^ (mixed >> 31)) >> 16)
    }
}
