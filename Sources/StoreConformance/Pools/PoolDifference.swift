public import TokenCore

/// A random walk through the verbs: a store and `PoolMachine` are asked the same at the same times, and must answer the same.
///
/// In a pool of order `random` the store may pick any free token; the model takes over what it picked, if it could be. Ranks are a store's own
/// matter and are not compared: which token comes next is.
public struct PoolDifference {
    /// What the walk follows from: the same seed walks the same way.
    public let seed: UInt64
    private let store: any LeasePool
    private let check: String
    private var walk: PoolWalk
    private let models: [PoolName: AdoptingTable]
    private var step = 0

    /// A walk over a new, empty store that decides by the time it is given.
    public init(of store: any LeasePool, seed: UInt64) {
        self.init(of: store, seed: seed, check: "answers what the rules answer")
    }

    private init(of store: any LeasePool, seed: UInt64, check: String) {
        self.seed = seed
        self.store = store
        self.check = check
        walk = PoolWalk(seed: seed)
        models = Dictionary(uniqueKeysWithValues: PoolWalk.pools.map { ($0, AdoptingTable()) })
    }

    /// Three walks of a chance that nobody knows; a failure names its seed.
    static let checks = (1...3).map { number in
        PoolCheck("answers what the rules answer, verb by verb (walk \(number))", isOfOnePart: true) { test in
            var difference = PoolDifference(of: test.store, seed: .random(in: 0 ... .max), check: test.check)
            try await difference.run(steps: 400)
        }
    }

    /// Goes on for so many verbs, at most 10,000 in all.
    ///
    /// - Throws: `ConformanceFailure` with the seed and the step when the answers differ; what the store throws.
    public mutating func run(steps: Int) async throws {
        for _ in 0..<steps {
            step += 1
            try await goOn()
            if step.isMultiple(of: 25) { try await compareEverything() }
        }
        try await compareEverything()
    }

    private mutating func goOn() async throws {
        let pool = walk.pool()
        let due = model(of: pool).nextDue
        let now = walk.time(due: due)
        let verb = walk.verb(in: pool)
        let seen = try await compare(verb, in: pool, now: now)
        walk.learn(from: seen, of: pool)
    }

    /// Asks both, and throws unless they agree.
    private func compare(_ verb: PoolVerb, in pool: PoolName, now: UnixTime) async throws -> PoolReply {
        let seen = try await store.perform(verb, in: pool, now: now, seed: walk.chance)
        let table = model(of: pool)
        table.adopt(seen)
        let wanted = PoolMachine.perform(verb, on: table, now: now, seed: walk.chance)
        guard Self.comparable(seen) == Self.comparable(wanted) else {
            throw ConformanceFailure(
                check: check, reason: "seed \(seed), step \(step), \(verb) at \(now) in \(pool): saw \(seen), wanted \(wanted)")
        }
        return seen
    }

    private mutating func compareEverything() async throws {
        for pool in PoolWalk.pools { _ = try await compare(.statistics, in: pool, now: walk.now) }
        for pool in PoolWalk.pools { _ = try await compare(.list(after: nil, limit: 1000), in: pool, now: walk.now) }
        let seen = try await store.pools(after: nil, limit: 10)
        let wanted = PoolWalk.pools.filter { model(of: $0).header() != nil }
        guard seen == wanted else { throw ConformanceFailure(check: check, reason: "seed \(seed), step \(step): pools \(seen), not \(wanted)") }
    }

    private func model(of pool: PoolName) -> AdoptingTable {
        guard let model = models[pool] else { preconditionFailure("a pool that the walk does not lead to") }
        return model
    }

    /// A reply without what is a store's own matter.
    private static func comparable(_ reply: PoolReply) -> PoolReply {
        guard case .tokens(var tokens) = reply.outcome else { return reply }
        for index in tokens.indices {
            guard case .free(_, let until) = tokens[index].standing else { continue }
            tokens[index].standing = .free(rank: 0, until: until)
        }
        var reply = reply
        reply.outcome = .tokens(tokens)
        return reply
    }
}
