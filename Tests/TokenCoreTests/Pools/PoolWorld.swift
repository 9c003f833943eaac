import Testing

@testable import TokenCore

/// One pool and its time: asks it, and after each answer checks all that must always hold.
final class PoolWorld {
    let table = MemoryPoolTable()
    let start = UnixTime(milliseconds: 1_790_000_000_123)
    /// The leases that were given out, in their order.
    private var leases: [LeaseNumber] = []

    init(_ policy: PoolPolicy = PoolPolicy(), tokens count: Int = 0, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(perform(.create(policy), sourceLocation: sourceLocation) == .done)
        if count > 0 { #expect(perform(.add(Self.new(0..<count)), sourceLocation: sourceLocation) == .added(count)) }
    }

    /// The id of a token's number; ids are in the order of their numbers.
    static func id(_ number: Int) -> PooledTokenID {
        let bytes = withUnsafeBytes(of: UInt64(number).bigEndian, Array.init) + [UInt8](repeating: 1, count: 8)
        guard let id = PooledTokenID(bytes) else { preconditionFailure("16 bytes are an id") }
        return id
    }

    static func new(_ numbers: Range<Int>) -> [NewToken] { numbers.map { NewToken(id: id($0), sealed: [UInt8(truncatingIfNeeded: $0), 1]) } }

    /// The whole answer to a verb, so long after the start.
    @discardableResult
    func reply(
        _ verb: PoolVerb, at time: Duration = .zero, seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation
    ) -> PoolReply {
        let reply = PoolMachine.perform(verb, on: table, now: start + time, seed: seed)
        if case .assigned(let taken) = reply.outcome {
            for token in taken {
                #expect(token.lease > leases.last ?? .none, "a lease did not rise", sourceLocation: sourceLocation)
                leases.append(token.lease)
            }
        }
        checkInvariants(reply, sourceLocation)
        return reply
    }

    /// The answer to a verb, so long after the start.
    @discardableResult
    func perform(
        _ verb: PoolVerb, at time: Duration = .zero, seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation
    ) -> PoolOutcome {
        reply(verb, at: time, seed: seed, sourceLocation: sourceLocation).outcome
    }

    /// The tokens that an assignment takes out, by their numbers; nil when it is refused.
    func take(
        _ count: Int = 1, by holder: PoolHolder = "worker", at time: Duration = .zero, seed: UInt64 = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> [AssignedToken]? {
        let claim = PoolClaim(holder: holder, count: count)
        guard case .assigned(let taken) = perform(.assign(claim), at: time, seed: seed, sourceLocation: sourceLocation) else { return nil }
        return taken
    }

    /// The ticket of a claim that has to wait; nil when it does not.
    func wait(_ holder: PoolHolder, count: Int = 1, ticket: UInt64? = nil, at time: Duration = .zero) -> UInt64? {
        guard case .waiting(let ticket) = perform(.assign(PoolClaim(holder: holder, count: count, waits: true, ticket: ticket)), at: time) else {
            return nil
        }
        return ticket
    }

    /// A token as it is, without anything being settled.
    func token(_ number: Int) -> PooledToken? { table.token(Self.id(number)) }

    /// How the pool stands, without anything being settled.
    var statistics: PoolStatistics { table.header()?.statistics ?? PoolStatistics(policy: PoolPolicy()) }
}

extension PoolWorld {
    /// What must hold after every verb.
    private func checkInvariants(_ reply: PoolReply, _ location: SourceLocation) {
        let tokens = table.tokens(after: nil, limit: .max)
        guard let header = table.header() else {
            #expect(tokens.isEmpty && table.firstTicket() == nil, "a pool is gone and its rows are not", sourceLocation: location)
            return
        }
        let counted = header.statistics
        func count(_ wanted: (PooledToken.Standing) -> Bool) -> Int { tokens.count { wanted($0.standing) } }
        #expect(counted.free == count { if case .free = $0 { true } else { false } }, "free", sourceLocation: location)
        #expect(counted.assigned == count { if case .assigned = $0 { true } else { false } }, "assigned", sourceLocation: location)
        #expect(counted.resting == count { if case .resting = $0 { true } else { false } }, "resting", sourceLocation: location)
        #expect(counted.quarantined == count { $0 == .quarantined }, "quarantined", sourceLocation: location)
        #expect(counted.surplus >= 0 && counted.surplus <= counted.total, "surplus", sourceLocation: location)
        let places = (0..<header.nextTicket).compactMap { table.ticket($0) }
        #expect(counted.waiting == places.count, "waiting", sourceLocation: location)
        checkAssignments(tokens, header, location)
        let next = (tokens.compactMap(\.dueAt) + [places.first?.until].compactMap(\.self)).min()
        if case .more = reply.outcome { return }
        #expect(reply.nextDue == next, "what is due next", sourceLocation: location)
    }

    private func checkAssignments(_ tokens: [PooledToken], _ header: PoolHeader, _ location: SourceLocation) {
        let assignments = tokens.compactMap(\.assignment)
        #expect(Set(assignments.map(\.lease)).count == assignments.count, "two assignments have one lease", sourceLocation: location)
        for token in tokens {
            #expect(token.lastLease <= header.lastLease, "a lease is ahead of its pool", sourceLocation: location)
            if let assignment = token.assignment { #expect(assignment.lease == token.lastLease, sourceLocation: location) }
        }
        // In a pool of order `random` chance may draw one rank twice.
        let ranks =
            header.statistics.policy.order == .random
            ? [] : tokens.compactMap { token -> Int64? in if case .free(let rank, _) = token.standing { rank } else { nil } }
        #expect(Set(ranks).count == ranks.count, "two free tokens have one rank", sourceLocation: location)
        guard header.statistics.policy.mostPerHolder != nil else { return }
        for (holder, held) in Dictionary(grouping: assignments, by: \.holder) where !holder.isEmpty {
            #expect(table.held(by: holder) == held.count, "\(holder) holds", sourceLocation: location)
        }
    }
}
