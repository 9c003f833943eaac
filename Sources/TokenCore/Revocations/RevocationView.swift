/// The live set of revocations, as one event loop or one validator holds it: a value that answers "is this still good?" in memory.
///
/// Bounded by the lifetime of an access token: an entry that every token outlived is dropped by `expire`.
public struct RevocationView: Sendable {
    private var sessions: [SessionID: UnixTime] = [:]
    private var subjects: [Subject: Epoch] = [:]
    private var clients: [ClientID: Epoch] = [:]
    private var keys: [KeyID: UnixTime] = [:]
    private var everything: Epoch?

    private struct Epoch: Sendable {
        var upTo: UnixTime
        var expiresAt: UnixTime

        func merged(_ other: Epoch) -> Epoch {
            Epoch(upTo: max(upTo, other.upTo), expiresAt: max(expiresAt, other.expiresAt))
        }
    }

    /// Rises with every entry applied: what was checked at this generation need not be checked again until it changes.
    public private(set) var generation: UInt64 = 0

    /// A view in which nothing is revoked.
    public init() {}

    /// How many entries are held.
    public var count: Int { sessions.count + subjects.count + clients.count + keys.count + (everything == nil ? 0 : 1) }

    /// What is held, one entry for each thing that is revoked: what tells another view all of it.
    public var entries: [RevocationEntry] {
        var entries = sessions.map { RevocationEntry(.session($0.key), expiresAt: $0.value) }
        entries += keys.map { RevocationEntry(.key($0.key), expiresAt: $0.value) }
        entries += subjects.map { RevocationEntry(.subject($0.key, upTo: $0.value.upTo), expiresAt: $0.value.expiresAt) }
        entries += clients.map { RevocationEntry(.client($0.key, upTo: $0.value.upTo), expiresAt: $0.value.expiresAt) }
        if let everything { entries.append(RevocationEntry(.everything(upTo: everything.upTo), expiresAt: everything.expiresAt)) }
        return entries
    }

    /// Enforces an entry from now on. Applying one twice changes nothing.
    public mutating func apply(_ entry: RevocationEntry) {
        generation += 1
        let end = entry.expiresAt
        switch entry.target {
        case .session(let id): sessions[id] = max(sessions[id] ?? .epoch, end)
        case .key(let id): keys[id] = max(keys[id] ?? .epoch, end)
        case .subject(let subject, let time): subjects.merge([(subject, Epoch(upTo: time, expiresAt: end))]) { $0.merged($1) }
        case .client(let client, let time): clients.merge([(client, Epoch(upTo: time, expiresAt: end))]) { $0.merged($1) }
        case .everything(let time):
            let epoch = Epoch(upTo: time, expiresAt: end)
            everything = everything?.merged(epoch) ?? epoch
        }
    }

    /// Whether an access token may no longer be accepted.
    ///
    /// - Parameters:
    ///   - session: its `sid`, which carries the birth that epochs are compared with: dead means birth ≤ epoch.
    ///   - subject: its `sub`.
    ///   - client: its `client_id`, if it has one.
    ///   - key: its `kid`.
    public func isRevoked(session: SessionID, subject: Subject, client: ClientID?, key: KeyID) -> Bool {
        if count == 0 { return false }
        let birth = session.birth
        if sessions[session] != nil || keys[key] != nil { return true }
        if let everything, birth <= everything.upTo { return true }
        if let epoch = subjects[subject], birth <= epoch.upTo { return true }
        if let client, let epoch = clients[client], birth <= epoch.upTo { return true }
        return false
    }

    /// Whether a client is known to have been removed: ids of clients are never used again.
    public func isDeleted(_ client: ClientID) -> Bool { clients[client]?.upTo == .distantFuture }

    /// The epoch of the whole store: nothing born at or before it is accepted.
    public var storeEpoch: UnixTime? { everything?.upTo }

    /// Drops every entry that expired at or before `now`: no token that it concerns can be alive.
    public mutating func expire(now: UnixTime) {
        sessions = sessions.filter { $0.value > now }
        keys = keys.filter { $0.value > now }
        subjects = subjects.filter { $0.value.expiresAt > now }
        clients = clients.filter { $0.value.expiresAt > now }
        if let epoch = everything, epoch.expiresAt <= now { everything = nil }
    }
}
