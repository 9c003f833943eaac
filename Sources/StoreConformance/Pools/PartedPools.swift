import TokenCore

/// A store whose pools all have three parts, and which does not say so: for checks that know of one.
struct PartedPools: LeasePool {
    let store: any LeasePool

    func perform(_ verb: PoolVerb, in pool: PoolName, now: UnixTime, seed: UInt64) async throws(StoreError) -> PoolReply {
        var reply = try await store.perform(Self.parted(verb), in: pool, now: now, seed: seed)
        if case .statistics(var statistics) = reply.outcome {
            statistics.policy.parts = 1
            reply.outcome = .statistics(statistics)
        }
        return reply
    }

    func pools(after: PoolName?, limit: Int) async throws(StoreError) -> [PoolName] { try await store.pools(after: after, limit: limit) }

    private static func parted(_ verb: PoolVerb) -> PoolVerb {
        switch verb {
        case .create(let policy): .create(parted(policy))
        case .change(let policy): .change(parted(policy))
        default: verb
        }
    }

    private static func parted(_ policy: PoolPolicy) -> PoolPolicy {
        var policy = policy
        policy.parts = 3
        return policy
    }
}
