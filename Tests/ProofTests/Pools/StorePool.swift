import TokenCore

/// A pool of a store in this process, asked by the ids of its tokens; faults can be planted in what it asks for.
struct StorePool: PoolService {
    /// What goes wrong.
    enum Fault: Sendable {
        /// The lease is not looked at.
        case leaseIgnored
        /// What was given back is free at once, as when a lapse were counted for it.
        case restForgotten
    }

    let store: any LeasePool
    let name: PoolName
    var fault: Fault?
    private let clock = ContinuousClock.now

    init(_ store: any LeasePool, _ name: PoolName, fault: Fault? = nil) {
        self.store = store
        self.name = name
        self.fault = fault
    }

    /// Makes the pool with that many tokens.
    func fill(_ policy: PoolPolicy, _ count: Int) async throws -> Set<String> {
        let tokens = (0..<count).compactMap { number in PooledTokenID((0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 % 4))) }) }
        _ = try await ask(.create(policy))
        _ = try await ask(.add(tokens.map { NewToken(id: $0, sealed: [1]) }))
        return Set(tokens.map(\.description))
    }

    func perform(_ action: PoolOperation.Action) async -> PoolOperation.Answer {
        do {
            switch action {
            case .assign:
                guard case .assigned(let tokens) = try await ask(.assign(PoolClaim(holder: ""))), let token = tokens.first else { return .refused }
                return .assigned(PoolHold(token: token.id.description, lease: token.lease.value))
            case .keepAlive(let hold):
                guard let id = Self.id(hold.token) else { return .refused }
                if case .alive = try await ask(.keepAlive(id, lease: lease(hold))) { return .done }
            case .unblock(let hold): return try await release(hold.token, lease(hold))
            case .unblockWithoutLease(let token): return try await release(token, nil)
            }
            return .refused
        } catch {
            return .unknown
        }
    }

    private func release(_ token: String, _ lease: LeaseNumber?) async throws -> PoolOperation.Answer {
        guard let id = Self.id(token), case .resting = try await ask(.release(id, lease: lease)) else { return .refused }
        guard fault == .restForgotten else { return .done }
        _ = try await ask(.delete(id, lease: nil))
        _ = try await ask(.add([NewToken(id: id, sealed: [1])]))
        return .done
    }

    private func lease(_ hold: PoolHold) -> LeaseNumber? { fault == .leaseIgnored ? nil : LeaseNumber(hold.lease) }

    private func ask(_ verb: PoolVerb) async throws -> PoolOutcome {
        let now = UnixTime(seconds: 1_700_000_000) + (ContinuousClock.now - clock)
        return try await store.perform(verb, in: name, now: now, seed: UInt64.random(in: 0 ... .max)).outcome
    }

    private static func id(_ text: String) -> PooledTokenID? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        return PooledTokenID(stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }
}
