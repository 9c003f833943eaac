import TokenCore

/// The parts of one pool, for the length of one verb.
///
/// A token's part follows from the end of its id, which is random in every id: many tokens that were made together begin alike.
struct PoolParts: Sendable {
    let store: any LeasePool
    let pool: PoolName
    let count: Int
    let now: UnixTime
    let seed: UInt64

    /// Does what is about tokens.
    func perform(_ verb: PoolVerb) async throws(StoreError) -> PoolReply {
        switch verb {
        case .keepAlive(let id, _), .release(let id, _), .putBack(let id, _), .report(let id, _, _, _), .delete(let id, _):
            return PoolReply(absorbing: try await perform(verb, in: part(of: id)))
        case .restore(let id):
            var reply = PoolReply(absorbing: try await perform(verb, in: part(of: id)))
            reply.wakes = reply.wakes || reply.outcome == .done
            return reply
        case .assign(let claim): return try await assign(claim)
        case .add(let tokens): return try await add(tokens)
        case .shrink(let total, let limit): return try await shrink(to: total, limit)
        case .list(let after, let limit): return try await list(after: after, limit)
        case .create, .change, .turn, .remove, .leaveQueue, .keepWaiting, .statistics, .settle:
            preconditionFailure("parts were asked for what their pool does")
        }
    }

    /// Which part has the token of that id.
    func part(of id: PooledTokenID) -> Int { ((Int(id.bytes[14]) << 8 | Int(id.bytes[15])) * count) >> 16 }

    /// Asks one part.
    func perform(_ verb: PoolVerb, in part: Int) async throws(StoreError) -> PoolReply {
        try await store.perform(verb, in: pool.part(part, of: count), now: now, seed: seed)
    }

    /// Asks the pool itself.
    func performAtHome(_ verb: PoolVerb) async throws(StoreError) -> PoolReply {
        try await store.perform(verb, in: pool, now: now, seed: seed)
    }

    /// Asks every part at once the same.
    func performInAll(_ verb: PoolVerb) async throws(StoreError) -> [PoolReply] {
        try await atOnce((0..<count).map { ($0, verb) })
    }

    /// Asks parts at once; the answers in the order of the questions. All of them are asked, whichever fails.
    func atOnce(_ orders: [(part: Int, verb: PoolVerb)]) async throws(StoreError) -> [PoolReply] {
        let results = await withTaskGroup(of: (Int, Result<PoolReply, StoreError>).self) { group in
            for (place, order) in orders.enumerated() {
                group.addTask {
                    do throws(StoreError) { return (place, .success(try await perform(order.verb, in: order.part))) } catch {
                        return (place, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [Int: Result<PoolReply, StoreError>]()) { $0[$1.0] = $1.1 }
        }
        var replies: [PoolReply] = []
        for place in orders.indices {
            guard let result = results[place] else { preconditionFailure("a part was asked and not heard") }
            replies.append(try result.get())
        }
        return replies
    }

    /// Runs what asks several parts to change: when one of them does not, others may have.
    func changing<Value>(_ body: () async throws(StoreError) -> Value) async throws(StoreError) -> Value {
        do { return try await body() } catch {
            switch error {
            case .unavailable(let why): throw .outcomeUnknown("a part of the pool did not do it: \(why)")
            case .overloaded: throw .outcomeUnknown("a part of the pool has too much to do")
            case .conflict, .outcomeUnknown, .corrupt: throw error
            }
        }
    }
}

extension PoolReply {
    /// The reply of a pool whose part said that.
    init(absorbing reply: PoolReply) {
        self.init(reply.outcome)
        absorb(reply)
    }

    /// Takes in what happened in a part. A part does not know who waits: what ended an assignment in it may be what somebody waits for.
    mutating func absorb(_ other: PoolReply) {
        happened += other.happened
        wakes = wakes || other.wakes || other.happened.contains { $0.kind == .released || $0.kind == .expired }
        if let next = other.nextDue { nextDue = min(nextDue ?? next, next) }
    }
}
