import TokenCore

/// One pool, and what a cycle says to it: as verbs, and as words of the scripts for `redis-benchmark`.
enum PoolCycles {
    /// How many tokens there are.
    static let tokens = 100_000
    /// What is assigned stays so for as long as a turn may take.
    static let policy = PoolPolicy(lifetime: .seconds(6 * 3600), rest: .zero, mostTokens: tokens)
    /// The same for all, so that nothing falls due.
    static let now = UnixTime(milliseconds: 1_790_000_000_000)

    private static let sealed = [UInt8](repeating: 0x62, count: 80)

    /// A token that `redis-benchmark` can name: in the order of their numbers they are assigned.
    static func token(_ number: Int) -> NewToken {
        let digits = String(number)
        let text = String(repeating: "0", count: 16 - digits.count) + digits
        guard let id = PooledTokenID(Array(text.utf8)) else { preconditionFailure("sixteen digits are an id") }
        return NewToken(id: id, sealed: sealed)
    }

    /// Takes a token out and gives it back.
    static func one(in store: any LeasePool) async throws {
        let reply = try await store.perform(.assign(PoolClaim(holder: "")), in: .usual, now: now, seed: 1)
        guard case .assigned(let taken) = reply.outcome, let token = taken.first else { throw BenchError("none was free: \(reply.outcome)") }
        let back = try await store.perform(.release(token.id, lease: token.lease), in: .usual, now: now, seed: 1)
        guard case .resting = back.outcome else { throw BenchError("it was not given back: \(back.outcome)") }
    }

    /// Everything that the pool has on the server, in the order of the scripts' keys.
    static let keys: [String] = {
        let partition = Partition(of: PoolName.usual, count: Commits.partitions)
        let tag = partition == .control ? "{m}" : "{m\(String(partition.number, radix: 36))}"
        let rows = ["Ph", "Pt", "Pf", "Pd", "Pc", "Pq", "Pv", "Pi"].map { tag + $0 + PoolName.usual.text }
        return ["M", "H", "O"].map { tag + $0 } + rows + [tag + "N"]
    }()

    /// Where the free tokens stand.
    static var freeTokens: String { keys[5] }

    /// `assign` without its last word, the ticket, which is empty.
    static func assignWords(_ digest: String) -> [String] { words(digest) + ["assign", "", "1", "0"] }

    /// `release` of any token without its last word, the lease, which is empty.
    static func releaseWords(_ digest: String) -> [String] { words(digest) + ["release", "0000" + RedisBenchmark.anyNumber] }

    private static func words(_ digest: String) -> [String] {
        ["EVALSHA", digest, String(keys.count)] + keys + [Commits.mark, String(now.milliseconds), "0", "1", PoolName.usual.text, "8 bytes."]
    }
}
