/// What happened: decided with the change it tells of and committed with it (canon 60). Carries names, never a token or a secret.
public struct Event: Hashable, Sendable {
    /// The kinds of events; the raw value is the `event` member of the JSON line.
    public enum Name: String, Sendable, CaseIterable {
        /// A session began.
        case issued
        /// A refresh token was rotated.
        case refreshed
        /// A refresh token was presented again inside the grace window and got the same successor.
        case refreshRetried = "refresh_retried"
        /// A refresh token was presented again outside it: the family is over.
        case reuseDetected = "reuse_detected"
        /// A session, or all of a subject's, a client's or the store's, ended by order.
        case revoked
        /// A genuine refresh token was ahead of its record: the store went back.
        case storeRollbackDetected = "store_rollback_detected"
        /// A signing key was made; nobody sees it yet.
        case keyStaged = "key_staged"
        /// A signing key stands in the key set.
        case keyPublished = "key_published"
        /// A signing key signs.
        case keySigning = "key_signing"
        /// A signing key only verifies.
        case keyVerifying = "key_verifying"
        /// A signing key is no longer accepted.
        case keyRetired = "key_retired"
        /// A signing key's material is gone.
        case keyDestroyed = "key_destroyed"
        /// A signing key was revoked in an emergency.
        case keyRevoked = "key_revoked"
        /// A client was made.
        case clientCreated = "client_created"
        /// A client was removed.
        case clientDeleted = "client_deleted"
        /// Somebody took a token out of a pool.
        case tokenAssigned = "assigned"
        /// A token was given back to its pool.
        case tokenReleased = "released"
        /// The holder of a token gave no sign of life in time: the pool has it back.
        case tokenExpired = "expired"
        /// A token left its pool for ever.
        case tokenDeleted = "deleted"
        /// A token of a pool was set aside after failures.
        case tokenQuarantined = "quarantined"
        /// There is a new token of somebody else's.
        case upstreamRefreshed = "upstream_refreshed"
        /// A token of somebody else's could not be fetched.
        case upstreamFailed = "upstream_failed"
        /// A caller found out that a token of somebody else's is not accepted any more.
        case upstreamInvalidated = "upstream_invalidated"
        /// A token of somebody else's ended, and there was no newer one.
        case upstreamExpired = "upstream_expired"
        /// Events left the outbox before every sink had them: a gap.
        case eventsDropped = "events_dropped"
    }

    /// Which token of which pool an event is about.
    public struct Pooled: Hashable, Sendable {
        /// The pool.
        public var pool: PoolName
        /// The token, by what it is known by.
        public var token: PooledTokenID
        /// In which assignment; none when there was none.
        public var lease: LeaseNumber
        /// Whose; empty for nobody's.
        public var holder: PoolHolder
        /// How long it was held, where an assignment ended.
        public var held: Duration?
    }

    /// What happened.
    public let name: Name
    /// When, by the clock of the request.
    public let at: UnixTime
    /// Whom it concerns.
    public var subject: String?
    /// Which session.
    public var session: SessionID?
    /// Which client.
    public var client: String?
    /// Which key.
    public var key: String?
    /// Why, where there is more than one reason.
    public var reason: String?
    /// Which token of which pool.
    public var pooled: Pooled?
    /// Which upstream, by the name that the configuration gives it.
    public var upstream: String?
    /// Of `events_dropped` how many are missing, of every other the generation of a refresh token.
    public var count: UInt64?

    /// An event; what does not apply stays nil.
    public init(
        _ name: Name, at: UnixTime, subject: String? = nil, session: SessionID? = nil, client: String? = nil,
        key: String? = nil, reason: String? = nil, count: UInt64? = nil
    ) {
        self.name = name
        self.at = at
        self.subject = subject
        self.session = session
        self.client = client
        self.key = key
        self.reason = reason
        self.count = count
    }
}

extension Event {
    /// The stored form.
    public func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 96)
        writer.write(name.rawValue)
        writer.write(at)
        writer.write(subject)
        writer.write(UInt8(session == nil ? 0 : 1))
        if let session { writer.write(raw: session.bytes) }
        writer.write(client)
        writer.write(key)
        writer.write(reason)
        writer.write(UInt8(count == nil ? 0 : 1))
        if let count { writer.write(count) }
        if let upstream {
            // A pool's name is never empty: so the reader tells the two apart, and what was stored before reads as it did.
            writer.write("")
            writer.write(upstream)
        } else {
            pooled?.write(to: &writer)
        }
        return writer.bytes
    }

    /// The event of a stored form.
    ///
    /// - Throws: `.corrupt` when it is none.
    public init(stored: [UInt8]) throws(StoreError) {
        var reader = ByteReader(stored)
        guard let name = Name(rawValue: try reader.readText()) else { throw .corrupt("an event of no known name") }
        self.init(name, at: try reader.readTime())
        subject = try reader.readOptionalText()
        if try reader.readPresence() {
            guard let id = SessionID(bytes: try reader.read(count: 16)) else { throw .corrupt("an event of no session that can be") }
            session = id
        }
        client = try reader.readOptionalText()
        key = try reader.readOptionalText()
        reason = try reader.readOptionalText()
        if try reader.readPresence() { count = try reader.read() }
        if !reader.isAtEnd {
            let pool = try reader.readText()
            if pool.isEmpty { upstream = try reader.readText() } else { pooled = try Pooled(pool, &reader) }
        }
        try reader.finish()
    }
}

extension Event {
    /// What happened in a pool, as the outbox has it: of a part it is told under the name of its pool.
    public init(_ event: PoolEvent, in pool: PoolName) {
        let name: Name =
            switch event.kind {
            case .assigned: .tokenAssigned
            case .released: .tokenReleased
            case .expired: .tokenExpired
            case .deleted: .tokenDeleted
            case .quarantined: .tokenQuarantined
            }
        self.init(name, at: event.at)
        pooled = Pooled(pool: pool.whole, token: event.token, lease: event.lease, holder: event.holder, held: event.held)
    }
}

extension Event.Pooled {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(pool.text)
        writer.write(raw: token.bytes)
        writer.write(lease.value)
        writer.write(holder)
        writer.write(held?.wholeMilliseconds ?? -1)
    }

    fileprivate init(_ name: String, _ reader: inout ByteReader) throws(StoreError) {
        guard let pool = PoolName(name) else { throw .corrupt("an event of no pool that can be") }
        guard let token = PooledTokenID(try reader.read(count: 16)) else { throw .corrupt("an event of no token that can be") }
        self.init(pool: pool, token: token, lease: LeaseNumber(try reader.read()), holder: try reader.readText(), held: nil)
        let milliseconds: Int64 = try reader.read()
        if milliseconds >= 0 { held = .milliseconds(milliseconds) }
    }
}
