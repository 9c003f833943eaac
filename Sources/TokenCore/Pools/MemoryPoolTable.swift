/// The rows of a pool in memory: plain and linear, because it is what the other tables are compared with. For one task at a time.
public final class MemoryPoolTable: PoolTable {
    private var stored: PoolHeader?
    private var tokens: [PooledTokenID: PooledToken] = [:]
    private var holds: [PoolHolder: Int] = [:]
    private var tickets: [UInt64: PoolTicket] = [:]

    /// A table without a pool.
    public init() {}

    /// What stands beside the tokens.
    public func header() -> PoolHeader? { stored }
    /// Writes or removes it.
    public func setHeader(_ header: PoolHeader?) { stored = header }

    /// The token of an id.
    public func token(_ id: PooledTokenID) -> PooledToken? { tokens[id] }
    /// Writes a token.
    public func put(_ token: PooledToken, replacing: PooledToken?) { tokens[token.id] = token }
    /// Removes a token.
    public func remove(_ token: PooledToken) { tokens[token.id] = nil }

    /// The free token of the lowest rank from there on.
    public func firstFree(from rank: Int64) -> PooledToken? {
        first { token in
            guard case .free(let own, _) = token.standing, own >= rank else { return nil }
            return own
        }
    }

    /// The token that is due first, if it is by then.
    public func firstDue(by now: UnixTime) -> PooledToken? {
        first { token in token.dueAt.flatMap { $0 <= now ? $0.milliseconds : nil } }
    }

    /// When the first is due.
    public func firstDueAt() -> UnixTime? { tokens.values.lazy.compactMap(\.dueAt).min() }

    /// Tokens in the order of their ids.
    public func tokens(after: PooledTokenID?, limit: Int) -> [PooledToken] {
        let all = tokens.values.filter { token in after.map { token.id > $0 } ?? true }
        return Array(all.sorted { $0.id < $1.id }.prefix(limit))
    }

    /// How many tokens a holder has.
    public func held(by holder: PoolHolder) -> Int { holds[holder] ?? 0 }
    /// Writes how many.
    public func setHeld(_ count: Int, by holder: PoolHolder) { holds[holder] = count == 0 ? nil : count }

    /// The first place in the queue.
    public func firstTicket() -> PoolTicket? { tickets.min { $0.key < $1.key }?.value }
    /// The place of a number.
    public func ticket(_ number: UInt64) -> PoolTicket? { tickets[number] }
    /// Writes a place.
    public func put(_ ticket: PoolTicket) { tickets[ticket.number] = ticket }
    /// Removes a place.
    public func remove(_ ticket: PoolTicket) { tickets[ticket.number] = nil }

    /// The token of the lowest key, and of those the one of the lowest id.
    private func first(by key: (PooledToken) -> Int64?) -> PooledToken? {
        var best: (key: Int64, token: PooledToken)?
        for token in tokens.values {
            guard let own = key(token) else { continue }
            guard let known = best, (known.key, known.token.id) <= (own, token.id) else {
                best = (own, token)
                continue
            }
        }
        return best?.token
    }
}
