import TokenCore

/// The model's table, which takes over the picks of a store where a pool leaves them to chance.
final class AdoptingTable: PoolTable {
    private let rows = MemoryPoolTable()
    /// What the store picked and the model has not been asked for yet. No token twice: who picks one twice is not followed.
    private var picks: [PooledTokenID] = []

    /// When the next thing happens in the model.
    var nextDue: UnixTime? { [rows.firstDueAt(), rows.firstTicket()?.until].compactMap(\.self).min() }

    /// Takes note of what the store picked in its last reply.
    func adopt(_ reply: PoolReply) {
        picks = []
        guard rows.header()?.statistics.policy.order == .random else { return }
        for event in reply.happened where event.kind == .assigned || event.kind == .deleted {
            if !picks.contains(event.token) { picks.append(event.token) }
        }
    }

    func firstFree(from rank: Int64) -> PooledToken? {
        while let id = picks.first {
            picks.removeFirst()
            if let token = rows.token(id), case .free = token.standing { return token }
        }
        // The store stopped here: if there was more to pick, the model picks it, and the replies differ.
        return rows.firstFree(from: rank)
    }

    func header() -> PoolHeader? { rows.header() }
    func setHeader(_ header: PoolHeader?) { rows.setHeader(header) }
    func token(_ id: PooledTokenID) -> PooledToken? { rows.token(id) }
    func put(_ token: PooledToken, replacing: PooledToken?) { rows.put(token, replacing: replacing) }
    func remove(_ token: PooledToken) { rows.remove(token) }
    func firstDue(by now: UnixTime) -> PooledToken? { rows.firstDue(by: now) }
    func firstDueAt() -> UnixTime? { rows.firstDueAt() }
    func tokens(after: PooledTokenID?, limit: Int) -> [PooledToken] { rows.tokens(after: after, limit: limit) }
    func held(by holder: PoolHolder) -> Int { rows.held(by: holder) }
    func setHeld(_ count: Int, by holder: PoolHolder) { rows.setHeld(count, by: holder) }
    func firstTicket() -> PoolTicket? { rows.firstTicket() }
    func ticket(_ number: UInt64) -> PoolTicket? { rows.ticket(number) }
    func put(_ ticket: PoolTicket) { rows.put(ticket) }
    func remove(_ ticket: PoolTicket) { rows.remove(ticket) }
}
