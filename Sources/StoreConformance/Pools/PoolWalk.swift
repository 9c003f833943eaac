import TokenCore

/// The way of a walk: which verb comes next, at what time. It leads through few tokens, so that they meet, and often to the very moment of what is due.
struct PoolWalk {
    /// Where it leads.
    static let pools = [PoolName("one"), PoolName("two")].compactMap(\.self)
    private static let holders = ["", "ann", "bob", "cyd"]

    private var random: WalkChance
    /// The last step's time.
    private(set) var now = UnixTime(milliseconds: 1_790_000_000_123)
    /// The last step's seed.
    private(set) var chance: UInt64 = 0
    private var leases: [LeaseNumber] = [.none, LeaseNumber(5)]
    private var lastLease: [PooledTokenID: LeaseNumber] = [:]
    private var tickets: [UInt64] = [1]
    private var policies: [PoolName: PoolPolicy] = [:]
    /// How many tokens there are to put in: in some walks more than one verb settles.
    private let variety: Int

    init(seed: UInt64) {
        random = WalkChance(seed: seed)
        variety = [6, 6, 20, 200].randomElement(using: &random) ?? 6
    }

    mutating func pool() -> PoolName { Self.pools[random.below(4) == 0 ? 1 : 0] }

    /// The time of the next step.
    mutating func time(due: UnixTime?) -> UnixTime {
        chance = random.next()
        switch random.below(20) {
        case 0..<9: now = now + .milliseconds(random.below(40))
        case 9..<14: if let due { now = due + .milliseconds(random.below(3) - 1) }
        case 14..<17: now = now + .milliseconds(random.below(5_001))
        case 17: now = now + .milliseconds(random.below(90_000))
        case 18: now = now + .milliseconds(random.below(8) == 0 ? 400_000 : 1)
        default: now = now - .milliseconds(random.below(3_000))
        }
        return now
    }

    /// The next verb.
    mutating func verb(in pool: PoolName) -> PoolVerb {
        guard policies[pool] != nil else { return create(pool) }
        switch random.below(100) {
        case 0..<30: return .assign(claim())
        case 30..<42: return .release(token(), lease: lease())
        case 42..<45:
            let id = token()
            return .putBack(id, lease: lastLease[id] ?? LeaseNumber(5))
        case 45..<57: return .keepAlive(token(), lease: lease())
        case 57..<65: return report()
        case 65..<75: return .add((0..<random.below(variety) + 1).map { _ in .sample(random.below(variety)) })
        case 75..<78: return .keepWaiting(tickets: (0..<random.below(4)).map { _ in ticket() })
        case 78..<80: return .leaveQueue(ticket: ticket())
        case 80..<83: return .restore(token())
        case 83..<86: return .delete(token(), lease: lease())
        case 86..<88: return .shrink(to: random.below(variety), limit: random.below(10) + 1)
        case 88..<90: return .turn([.open, .open, .paused, .draining].randomElement(using: &random) ?? .open)
        case 90..<92: return .change(changed(pool))
        case 92..<94: return .list(after: random.below(2) == 0 ? nil : token(), limit: random.below(8) + 1)
        case 94..<96: return .statistics
        case 96: return random.below(4) == 0 ? .remove(limit: random.below(6) + 1) : .turn(.open)
        case 97: return create(pool)
        default: return .settle
        }
    }

    /// Remembers what an answer told, so that later verbs say true things too, and things that were true.
    mutating func learn(from reply: PoolReply, of pool: PoolName) {
        switch reply.outcome {
        case .assigned(let taken):
            for token in taken {
                lastLease[token.id] = token.lease
                leases.append(token.lease)
            }
        case .waiting(let ticket): tickets = (tickets + [ticket]).suffix(8)
        case .noPool: policies[pool] = nil
        default: break
        }
        leases = leases.suffix(6)
    }

    private mutating func create(_ pool: PoolName) -> PoolVerb {
        let policy = policy()
        if policies[pool] == nil { policies[pool] = policy }
        return .create(policies[pool].flatMap { random.below(2) == 0 ? $0 : nil } ?? policy)
    }

    private mutating func policy() -> PoolPolicy {
        let lifetime = Duration.milliseconds(1000 + random.below(60_000))
        let rest = any(of: [.zero, .zero, .milliseconds(random.below(5_000)), .seconds(120)]) ?? .zero
        let slack = any(of: [.zero, .milliseconds(1), .seconds(240)]) ?? .zero
        return PoolPolicy(
            order: PoolPolicy.Order.allCases.randomElement(using: &random) ?? .fifo, lifetime: lifetime, rest: rest,
            keepAliveLimit: random.below(2) == 0 ? nil : max(lifetime, rest) + slack,
            mostTokens: [4, variety, variety, 1000].randomElement(using: &random) ?? 4,
            longestHold: random.below(3) == 0 ? lifetime + .milliseconds(random.below(100_000)) : nil,
            mostPerHolder: random.below(3) == 0 ? 1 + random.below(3) : nil,
            failuresToQuarantine: random.below(2) == 0 ? 1 + random.below(3) : nil,
            rate: random.below(3) == 0 ? PoolPolicy.Rate(count: 1 + random.below(3), span: .milliseconds(1000 + random.below(100_000))) : nil,
            parts: random.below(8) == 0 ? 2 + random.below(3) : 1)
    }

    private mutating func any(of times: [Duration]) -> Duration? { times.randomElement(using: &random) }

    /// Another policy, most often one that the pool may change to.
    private mutating func changed(_ pool: PoolName) -> PoolPolicy {
        var changed = policy()
        guard let old = policies[pool], random.below(6) > 0 else { return changed }
        changed.order = old.order
        changed.parts = old.parts
        changed.mostPerHolder = old.mostPerHolder.map { _ in 1 + random.below(3) }
        policies[pool] = changed
        return changed
    }

    private mutating func claim() -> PoolClaim {
        PoolClaim(
            holder: Self.holders.randomElement(using: &random) ?? "", count: random.below(4) == 0 ? 1 + random.below(3) : 1,
            waits: random.below(2) == 0, ticket: random.below(3) == 0 ? ticket() : nil)
    }

    private mutating func report() -> PoolVerb {
        let id = token()
        return .report(
            id, lease: lastLease[id] ?? LeaseNumber(5), failed: random.below(3) > 0,
            rest: any(of: [.zero, .seconds(30), .seconds(400)]) ?? .zero)
    }

    /// Any token, rather one that was assigned.
    private mutating func token() -> PooledTokenID {
        let known = lastLease.keys.sorted()
        return random.below(4) > 0 ? known.randomElement(using: &random) ?? .sample(0) : .sample(random.below(variety + 1))
    }

    private mutating func lease() -> LeaseNumber? { random.below(2) == 0 ? nil : leases.randomElement(using: &random) }
    private mutating func ticket() -> UInt64 { tickets.randomElement(using: &random) ?? 1 }
}

/// A source of chance that a seed repeats (SplitMix64).
private struct WalkChance: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number of 0 ..< bound.
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
