import NIOCore
import TokenCore
import Valkey

/// What a script of a pool answered.
struct PoolAnswer {
    private let parts: [RESPToken]

    init(_ parts: [RESPToken]) { self.parts = parts }

    /// The reply of a verb.
    ///
    /// - Throws: `.corrupt` when it is none of ours.
    func reply() throws(StoreError) -> PoolReply {
        var reply = PoolReply(try outcome())
        reply.wakes = try number(1) == 1
        reply.nextDue = try time(2)
        for body in try list(3) { reply.happened.append(try PoolEvent(Event(stored: Array(body.readableBytesView)))) }
        return reply
    }

    private func outcome() throws(StoreError) -> PoolOutcome {
        switch try word() {
        case "done": .done
        case "noPool": .noPool
        case "otherPolicy": .otherPolicy
        case "more": .more
        case "added": .added(Int(try number(4)))
        case "full": .full(room: Int(try number(4)))
        case "assigned": .assigned(try assigned())
        case "noneFree": .noneFree(next: try time(4))
        case "split": .split(parts: Int(try number(4)), ticket: UInt64(exactly: try number(5)))
        case "waiting": .waiting(ticket: UInt64(clamping: try number(4)))
        case "queueFull": .queueFull
        case "holderLimit": .holderLimit
        case "draining": .draining
        case "alive": .alive(until: try time(4))
        case "noToken": .noToken
        case "notAssigned": .notAssigned
        case "staleLease": .staleLease
        case "resting": .resting(until: UnixTime(milliseconds: try number(4)))
        case "quarantined": .quarantined
        case "shrunk": .shrunk(removed: Int(try number(4)), surplus: Int(try number(5)), more: try number(6) == 1)
        case "statistics": .statistics(try StoredPool.statistics(try part(4)))
        case "tokens": .tokens(try tokens())
        case let other: throw .corrupt("a pool answered \(other)")
        }
    }

    private func assigned() throws(StoreError) -> [AssignedToken] {
        let lifetime = Duration.milliseconds(try number(4))
        let rows: [RESPToken] = try part(5)
        var taken: [AssignedToken] = []
        for start in stride(from: 0, to: rows.count - 2, by: 3) {
            let (sealed, metadata) = try StoredPool.value(try Self.decode(rows[start + 1]))
            let lease = LeaseNumber(try Self.decode(rows[start + 2]))
            taken.append(
                AssignedToken(id: try id(try Self.decode(rows[start])), sealed: sealed, metadata: metadata, lease: lease, lifetime: lifetime))
        }
        return taken
    }

    private func tokens() throws(StoreError) -> [PooledToken] {
        let ids = try list(4)
        guard !ids.isEmpty else { return [] }
        let (states, values) = (try list(5), try list(6))
        guard states.count == ids.count, values.count == ids.count else { throw .corrupt("a pool has ids without tokens") }
        var tokens: [PooledToken] = []
        for index in ids.indices { tokens.append(try StoredPool.token(try id(ids[index]), states[index], values[index])) }
        return tokens
    }

    private func id(_ bytes: ByteBuffer) throws(StoreError) -> PooledTokenID {
        guard let id = PooledTokenID(bytes.readableBytesView) else { throw .corrupt("a token of a pool whose id is not 16 bytes") }
        return id
    }

    private func word() throws(StoreError) -> String { try part(0) }
    private func number(_ index: Int) throws(StoreError) -> Int64 { try part(index) }

    /// A time, or none where there is -1.
    private func time(_ index: Int) throws(StoreError) -> UnixTime? {
        let milliseconds = try number(index)
        return milliseconds < 0 ? nil : UnixTime(milliseconds: milliseconds)
    }

    private func list(_ index: Int) throws(StoreError) -> [ByteBuffer] { try part(index) }

    private func part<Value: RESPTokenDecodable>(_ index: Int) throws(StoreError) -> Value {
        guard index < parts.count else { throw .corrupt("an answer of a pool is too short") }
        return try Self.decode(parts[index])
    }

    private static func decode<Value: RESPTokenDecodable>(_ token: RESPToken) throws(StoreError) -> Value {
        do throws(RESPDecodeError) { return try token.decode() } catch { throw .corrupt("an answer of a pool is of another form: \(error)") }
    }
}

extension PoolEvent {
    /// What happened, from what stands in the outbox.
    fileprivate init(_ event: Event) throws(StoreError) {
        let kind: Kind? =
            switch event.name {
            case .tokenAssigned: .assigned
            case .tokenReleased: .released
            case .tokenExpired: .expired
            case .tokenDeleted: .deleted
            case .tokenQuarantined: .quarantined
            default: nil
            }
        guard let kind, let pooled = event.pooled else { throw .corrupt("an event of a pool that is about none") }
        self.init(kind, at: event.at, token: pooled.token, lease: pooled.lease, holder: pooled.holder, held: pooled.held)
    }
}
