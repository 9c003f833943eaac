import Synchronization
import TokenCore

/// Who has what, as the workers of a check see it.
private final class Holdings: Sendable {
    private let held = Mutex<[PooledTokenID: LeaseNumber]>([:])
    private let leases = Mutex<Set<Grant>>([])
    private let hasParts: Bool

    /// A lease, and of which token where that matters.
    private struct Grant: Hashable {
        let lease: LeaseNumber
        let token: PooledTokenID?
    }

    init(hasParts: Bool) { self.hasParts = hasParts }

    /// A worker has a token from now on; what is wrong with that, if anything is.
    func take(_ token: AssignedToken) -> String? {
        let grant = Grant(lease: token.lease, token: hasParts ? token.id : nil)
        guard leases.withLock({ $0.insert(grant).inserted }) else { return "lease \(token.lease.value) was given out twice" }
        let other = held.withLock { held in held.updateValue(token.lease, forKey: token.id) }
        return other.map { "\(token.id) was assigned under \(token.lease.value) while it was held under \($0.value)" }
    }

    /// A worker is about to give a token back.
    func give(_ token: AssignedToken) { held.withLock { $0[token.id] = nil } }
}

/// Verbs of one pool are decided one after the other, whoever sends them.
enum PoolRaceChecks {
    static let all = [
        PoolCheck("of sixty-four workers on twenty tokens no two ever hold one, and no lease is given out twice") { test in
            try await test.make(tokens: 20)
            let holdings = Holdings(hasParts: test.hasParts)
            let turns = try await test.concurrently(64) { worker -> Int in
                var turns = 0
                for round in 0..<12 {
                    let taken = try await test.take(1 + round % 3, by: "worker \(worker)", seed: UInt64(worker * 1000 + round))
                    for token in taken { if let fault = holdings.take(token) { try test.expect(false, fault) } }
                    await Task.yield()
                    for token in taken {
                        holdings.give(token)
                        guard case .resting = try await test.perform(.release(token.id, lease: token.lease)) else {
                            throw ConformanceFailure(check: test.check, reason: "the holder of \(token.id) could not give it back")
                        }
                        turns += 1
                    }
                }
                return turns
            }
            try test.expect(turns.reduce(0, +) > 100, "hardly any token was assigned: \(turns)")
            try test.expect(try await test.statistics().free, is: 20)
            try await test.expectOrder()
        },
        PoolCheck("of claims for three of ten tokens at once three get theirs, and the rest nothing", isOfOnePart: true) { test in
            try await test.make(tokens: 10)
            let taken = try await test.concurrently(16) { worker in try await test.take(3, by: "worker \(worker)") }
            try test.expect(taken.map(\.count).sorted(), is: Array(repeating: 0, count: 13) + [3, 3, 3])
            try test.expect(Set(taken.joined().map(\.id)).count, is: 9)
            try test.expect(try await test.statistics().free, is: 1)
            try await test.expectOrder()
        },
        PoolCheck("of sixteen who give one assignment back one does") { test in
            try await test.make(tokens: 1)
            for _ in 0..<10 {
                let token = try await test.takeOne()
                let outcomes = try await test.concurrently(16) { _ in try await test.perform(.release(token.id, lease: token.lease)) }
                let done = outcomes.filter { if case .resting = $0 { true } else { false } }
                try test.expect(done.count, is: 1)
                try test.expect(outcomes.filter { $0 == .staleLease }.count, is: 15)
            }
        },
        PoolCheck("of pools made under one name at once there is one") { test in
            let policies = (1...8).map { PoolPolicy(lifetime: .seconds($0 * 100)) }
            let outcomes = try await test.concurrently(8) { try await test.perform(.create(policies[$0])) }
            try test.expect(outcomes.filter { $0 == .done }.count, is: 1)
            try test.expect(outcomes.filter { $0 == .otherPolicy }.count, is: 7)
        },
        PoolCheck("tokens put in at once never are more than the pool may have", isOfOnePart: true) { test in
            try test.expect(try await test.perform(.create(PoolPolicy(mostTokens: 25))), is: .done)
            let outcomes = try await test.concurrently(8) { batch in
                try await test.perform(.add((0..<10).map { test.token(batch * 10 + $0) }))
            }
            try test.expect(outcomes.filter { $0 == .added(10) }.count, is: 2)
            try test.expect(outcomes.filter { $0 == .full(room: 5) }.count, is: 6)
            try test.expect(try await test.statistics().total, is: 20)
        },
    ]
}
