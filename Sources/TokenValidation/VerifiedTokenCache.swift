import JOSE
public import TokenCore

/// Tokens whose signature was right, remembered by one event loop so that it is not checked again (canon 53).
///
/// The key is the token, byte by byte; the policy is the owner's, which keeps one cache per policy. An entry is no permission: every hit
/// re-checks expiry, and revocation whenever the view has changed since the entry was last checked. What was once found revoked stays
/// refused. The owner says when keys leave the set (`keep`). Refusals of unknown tokens are not remembered: whoever invents tokens must not be able to fill anything.
///
/// Bounded in entries and in bytes. What is evicted first is what was not asked for since the clock's hand last passed (second chance).
public struct VerifiedTokenCache: Sendable {
    /// What a look-up found.
    public enum Answer: Sendable {
        /// Not here: verify it.
        case unknown
        /// Accepted now.
        case accepted(Hit)
        /// A token of ours that is over: expired or revoked.
        case refused(InvalidToken)
    }

    /// What an accepted token is answered with.
    public struct Hit: Sendable {
        /// The claims as they were signed: the body of the answer.
        public let payload: [UInt8]
        /// The entry, valid until the cache is next changed.
        public let slot: Int
    }

    private struct Entry {
        let hash: UInt64
        let bytes: [UInt8]
        let token: VerifiedToken
        /// The generation of the view at which it was last found not revoked.
        var checkedAt: UInt64
        var isRevoked = false
        /// Asked for since the hand last passed. A newcomer is not: whoever floods the cache with tokens displaces only newcomers.
        var isRecent = false
        var activityRecordedAt: UnixTime

        var cost: Int { bytes.count + token.payload.count + VerifiedTokenCache.overhead }
    }

    /// What an entry takes besides token and payload, roughly.
    private static let overhead = 320

    /// At most so many entries.
    public let entryLimit: Int
    /// At most so many bytes, as far as they are counted: token, payload and a fixed overhead.
    public let byteLimit: Int
    /// How many entries there are.
    public var count: Int { index.count }
    /// How many bytes they are counted with.
    public private(set) var bytes = 0

    private let leeway: Duration
    private let hash: TokenHash
    private var index: [UInt64: Int] = [:]
    private var slots: [Entry?] = []
    private var free: [Int] = []
    private var hand = 0

    /// An empty cache.
    ///
    /// - Parameters:
    ///   - leeway: of the policy its tokens were verified with.
    ///   - seed: from the system's generator.
    public init(entryLimit: Int, byteLimit: Int, leeway: Duration, seed: UInt64) {
        self.entryLimit = max(1, entryLimit)
        self.byteLimit = byteLimit
        self.leeway = leeway
        hash = TokenHash(seed: seed)
    }

    /// What is known of a token now.
    ///
    /// - Parameters:
    ///   - view: what is revoked as this loop knows it.
    ///   - now: the wall clock.
    public mutating func look(up token: UnsafeBufferPointer<UInt8>, view: borrowing RevocationView, now: UnixTime) -> Answer {
        guard let slot = index[hash(token)], slots[slot]?.bytes.isEqual(to: token) == true else { return .unknown }
        guard var entry = slots[slot].take() else { return .unknown }
        defer { slots[slot] = entry }
        entry.isRecent = true
        if !entry.isRevoked, entry.checkedAt != view.generation {
            entry.isRevoked = view.isRevoked(entry.token)
            entry.checkedAt = view.generation
        }
        if entry.isRevoked { return .refused(InvalidToken(.revoked)) }
        let end = entry.token.expiresAt + leeway
        guard now < end else { return .refused(InvalidToken(.claims(.expired(at: entry.token.expiresAt.seconds)))) }
        return .accepted(Hit(payload: entry.token.payload, slot: slot))
    }

    /// The token of a hit of this very moment.
    public func token(in slot: Int) -> VerifiedToken? { slots[slot]?.token }

    /// Whether activity of the hit's session is due to be recorded; if so it counts as recorded at `now`.
    ///
    /// - Parameter interval: the shortest time between two records.
    public mutating func activityIsDue(in slot: Int, every interval: Duration, now: UnixTime) -> SessionID? {
        guard let entry = slots[slot], now >= entry.activityRecordedAt + interval else { return nil }
        slots[slot]?.activityRecordedAt = now
        return entry.token.session
    }

    /// Has the interval of `activityIsDue` count from another time: when the session was last recorded, if that was elsewhere.
    public mutating func countActivity(in slot: Int, from time: UnixTime) { slots[slot]?.activityRecordedAt = time }

    /// Remembers a verified token that the view does not refuse.
    ///
    /// - Parameters:
    ///   - view: the *current* view: the token was verified elsewhere, and what was revoked meanwhile counts.
    /// - Returns: whether the token is accepted; one that is revoked or over is not, and is not remembered.
    public mutating func insert(_ bytes: [UInt8], _ token: VerifiedToken, view: borrowing RevocationView, now: UnixTime) -> Bool {
        guard !view.isRevoked(token), now < token.expiresAt + leeway else { return false }
        let hash = bytes.withUnsafeBufferPointer { self.hash($0) }
        if let old = index[hash] { remove(old) }
        let entry = Entry(hash: hash, bytes: bytes, token: token, checkedAt: view.generation, activityRecordedAt: token.issuedAt)
        guard entry.cost <= byteLimit else { return true }
        while count >= entryLimit || self.bytes + entry.cost > byteLimit { evict() }
        self.bytes += entry.cost
        if let slot = free.popLast() {
            slots[slot] = entry
            index[hash] = slot
        } else {
            slots.append(entry)
            index[hash] = slots.count - 1
        }
        return true
    }

    /// Forgets every token of a key that is no longer accepted: the keys have changed.
    ///
    /// A revoked key's entry in the view goes when every token that we signed with it has expired; one that somebody forged with it need not.
    ///
    /// - Parameter isAccepted: whether a key's tokens are still accepted.
    public mutating func keep(keys isAccepted: (KeyID) -> Bool) {
        for slot in slots.indices {
            if let key = slots[slot]?.token.key, !isAccepted(key) { remove(slot) }
        }
    }

    /// Advances the hand to the first entry that was not asked for since it last passed, and forgets that one.
    private mutating func evict() {
        while true {
            hand = hand + 1 < slots.count ? hand + 1 : 0
            guard let entry = slots[hand] else { continue }
            if !entry.isRecent { return remove(hand) }
            slots[hand]?.isRecent = false
        }
    }

    private mutating func remove(_ slot: Int) {
        guard let entry = slots[slot].take() else { return }
        index[entry.hash] = nil
        bytes -= entry.cost
        free.append(slot)
    }
}

extension RevocationView {
    /// Whether a verified token may no longer be accepted.
    public func isRevoked(_ token: VerifiedToken) -> Bool {
        isRevoked(session: token.session, subject: token.subject, client: token.client, key: token.key)
    }
}

extension [UInt8] {
    /// Compares eight bytes at a time: it runs on every hit, over some five hundred bytes.
    fileprivate func isEqual(to other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard count == other.count else { return false }
        let other = UnsafeRawBufferPointer(other)
        return withUnsafeBytes { own in
            var index = 0
            while index + 8 <= own.count {
                if own.loadUnaligned(fromByteOffset: index, as: UInt64.self) != other.loadUnaligned(fromByteOffset: index, as: UInt64.self) {
                    return false
                }
                index += 8
            }
            while index < own.count {
                if own[index] != other[index] { return false }
                index += 1
            }
            return true
        }
    }
}
