import TokenCore

/// A store of pools with the words that checks are written in.
struct PoolUnderTest: Sendable {
    let store: any LeasePool
    let check: String
    /// Whether its pools have parts: then two tokens may have one lease, each in its part.
    var hasParts = false
    /// The pool that a check works on unless it says otherwise.
    let home = PoolName.usual
    /// When everything happens unless a check says otherwise: some time in 2026.
    let start = UnixTime(milliseconds: 1_790_000_000_123)
    /// A policy by which nothing happens by time within a check.
    var calm: PoolPolicy { PoolPolicy(lifetime: .seconds(3600), rest: .zero) }

    /// Fails the check unless the condition holds.
    func expect(_ condition: Bool, _ seen: @autoclosure () -> String = "", file: StaticString = #fileID, line: Int = #line) throws {
        guard !condition else { return }
        throw ConformanceFailure(check: check, reason: "\(seen()) (\(file):\(line))")
    }

    /// Fails the check unless both are equal.
    func expect<T: Equatable>(_ seen: T, is wanted: T, file: StaticString = #fileID, line: Int = #line) throws {
        try expect(seen == wanted, "saw \(seen), wanted \(wanted)", file: file, line: line)
    }

    /// The whole answer to a verb, so long after the start.
    @discardableResult
    func reply(_ verb: PoolVerb, after time: Duration = .zero, seed: UInt64 = 1, in pool: PoolName? = nil) async throws -> PoolReply {
        try await store.perform(verb, in: pool ?? home, now: start + time, seed: seed)
    }

    /// The answer to a verb, so long after the start.
    @discardableResult
    func perform(_ verb: PoolVerb, after time: Duration = .zero, seed: UInt64 = 1, in pool: PoolName? = nil) async throws -> PoolOutcome {
        try await reply(verb, after: time, seed: seed, in: pool).outcome
    }

    /// Makes a pool with so many tokens.
    func make(_ policy: PoolPolicy? = nil, tokens count: Int, in pool: PoolName? = nil) async throws {
        try expect(try await perform(.create(policy ?? calm), in: pool), is: .done)
        try expect(try await perform(.add((0..<count).map(token)), in: pool), is: .added(count))
    }

    /// What a token is known by.
    func id(_ number: Int) -> PooledTokenID { PooledTokenID.sample(number) }

    /// A token to be put in.
    func token(_ number: Int) -> NewToken { NewToken.sample(number) }

    /// Takes tokens out; none when the pool gives none.
    func take(
        _ count: Int = 1, by holder: PoolHolder = "worker", after time: Duration = .zero, seed: UInt64 = 1
    ) async throws -> [AssignedToken] {
        let outcome = try await perform(.assign(PoolClaim(holder: holder, count: count)), after: time, seed: seed)
        guard case .assigned(let taken) = outcome else { return [] }
        return taken
    }

    /// Takes one token out that must be there.
    func takeOne(
        by holder: PoolHolder = "worker", after time: Duration = .zero, file: StaticString = #fileID, line: Int = #line
    ) async throws -> AssignedToken {
        let taken = try await take(by: holder, after: time)
        try expect(taken.count == 1, "no token was to be had", file: file, line: line)
        return taken[0]
    }

    /// How the pool stands.
    func statistics(after time: Duration = .zero) async throws -> PoolStatistics {
        guard case .statistics(let statistics) = try await perform(.statistics, after: time) else {
            throw ConformanceFailure(check: check, reason: "statistics were not answered with statistics")
        }
        return statistics
    }

    /// The first thousand tokens.
    func list(after time: Duration = .zero) async throws -> [PooledToken] {
        guard case .tokens(let tokens) = try await perform(.list(after: nil, limit: 1000), after: time) else {
            throw ConformanceFailure(check: check, reason: "a list was not answered with tokens")
        }
        return tokens
    }

    /// Fails the check unless the counts are those of the tokens and no two assignments have one lease.
    func expectOrder(after time: Duration = .zero) async throws {
        let statistics = try await statistics(after: time)
        let tokens = try await list(after: time)
        var counts = PoolStatistics(policy: statistics.policy)
        for token in tokens {
            switch token.standing {
            case .free: counts.free += 1
            case .assigned: counts.assigned += 1
            case .resting: counts.resting += 1
            case .quarantined: counts.quarantined += 1
            }
        }
        (counts.phase, counts.waiting, counts.surplus) = (statistics.phase, statistics.waiting, statistics.surplus)
        try expect(statistics, is: counts)
        let leases = tokens.compactMap { $0.assignment?.lease }
        try expect(hasParts || Set(leases).count == leases.count, "two assignments have one lease: \(leases)")
    }

    /// Does something many times at once and returns the answers in no order.
    func concurrently<T: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> T) async throws -> [T] {
        try await withThrowingTaskGroup(of: T.self) { group in
            for index in 0..<count { group.addTask { try await body(index) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

extension PooledTokenID {
    /// An id of the checks: ids in the order of their numbers are not tokens in the order of theirs.
    static func sample(_ number: Int) -> PooledTokenID {
        let scattered = UInt32(truncatingIfNeeded: number) &* 0x9e37_79b1
        let bytes = withUnsafeBytes(of: scattered.bigEndian, Array.init) + [UInt8](repeating: 7, count: 12)
        guard let id = PooledTokenID(bytes) else { preconditionFailure("16 bytes are an id") }
        return id
    }
}

extension NewToken {
    /// A token of the checks, with a value and metadata of its own.
    static func sample(_ number: Int) -> NewToken {
        NewToken(
            id: .sample(number), sealed: Array("sealed \(number)".utf8), metadata: number.isMultiple(of: 2) ? [] : Array("{\"n\":\(number)}".utf8))
    }
}
