/// The rows of a pool in memory: plain and linear, because it is what the other tables are compared with. For one task at a time.
public final class MemoryPoolTable: PoolTable {
    private var stored: PoolHeader?
    private var tokens: [PooledTokenID: PooledToken] = [:]
    private var holds: [PoolHolder: Int] = [:]
    private var tickets: [UInt64: PoolTicket] = [:]

    /// A table without a pool.
    public init() {}

    public func header() -> PoolHeader? { stored }
    public func setHeader(_ header: PoolHeader?) { stored = header }

    public func token(_ id: PooledTokenID) -> PooledToken? { tokens[id] }
    public func put(_ token: PooledToken, replacing: PooledToken?) { tokens[token.id] = token }
    public func remove(_ token: PooledToken) { tokens[token.id] = nil }

    public func firstFree(from rank: Int64) -> PooledToken? {
        first { token in
            guard case .free(let own, _) = token.standing, own >= rank else { return nil }
            return own
        }
    }

    public func firstDue(by now: UnixTime) -> PooledToken? {
        first { token in token.dueAt.flatMap { $0 <= now ? $0.milliseconds : nil } }
    }

    public func firstDueAt() -> UnixTime? { tokens.values.lazy.compactMap(\.dueAt).min() }

    public func tokens(after: PooledTokenID?, limit: Int) -> [PooledToken] {
        let all = tokens.values.filter { token in after.map { token.id > $0 } ?? true }
        return Array(all.sorted { $0.id < $1.id }.prefix(limit))
    }

    public func held(by holder: PoolHolder) -> Int { holds[holder] ?? 0 }
    public func setHeld(_ count: Int, by holder: PoolHolder) { holds[holder] = count == 0 ? nil : count }

    public func firstTicket() -> PoolTicket? { tickets.min { $0.key < $1.key }?.value }
    public func ticket(_ number: UInt64) -> PoolTicket? { tickets[number] }
    public func put(_ ticket: PoolTicket) { tickets[ticket.number] = ticket }
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
