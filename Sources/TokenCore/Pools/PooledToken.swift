/// What a token of a pool is known by: 16 bytes of which at least the last ten are a keyed hash of its value, so that the store finds a token
/// without knowing it.
public struct PooledTokenID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 16 bytes.
    public let bytes: [UInt8]

    /// An id; nil unless 16 bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.bytes = Array(bytes)
    }

    /// 32 lower-case hexadecimal digits: what lists and events show of a token.
    public var description: String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// By its bytes.
    public static func < (a: PooledTokenID, b: PooledTokenID) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

/// Which assignment of a pool: rises with each, and never repeats, also after a store that went back, since it is never less than the microseconds
/// of the time that it was drawn at. Below 2^53, so that JSON carries it.
public struct LeaseNumber: Hashable, Comparable, Sendable {
    /// The number; 0 stands for none.
    public let value: Int64

    /// The lease of that number.
    public init(_ value: Int64) { self.value = value }

    /// No lease yet.
    public static let none = LeaseNumber(0)

    /// The number of an assignment at `now` after this one.
    public func next(at now: UnixTime) -> LeaseNumber { LeaseNumber(max(value + 1, now.milliseconds * 1000)) }

    /// An earlier assignment is less.
    public static func < (a: LeaseNumber, b: LeaseNumber) -> Bool { a.value < b.value }
}

/// Who holds a token: a name of 0 to 255 bytes, the caller's own or what it calls itself.
public typealias PoolHolder = String

/// A token of a pool as the store has it.
public struct PooledToken: Hashable, Sendable {
    /// Where a token stands.
    public enum Standing: Hashable, Sendable {
        /// May be assigned. The lowest rank is next; in a pool of order `random` the next after a drawn point. Deleted when `until` has come, if ever.
        case free(rank: Int64, until: UnixTime?)
        /// Somebody has it. Goes to `resting` when given back, to `free` when `until` has come.
        case assigned(Assignment)
        /// Nobody gets it before `until`; then it is free.
        case resting(until: UnixTime)
        /// Set aside until somebody restores or deletes it.
        case quarantined
    }

    /// Who has a token, and until when.
    public struct Assignment: Hashable, Sendable {
        /// The fencing number.
        public var lease: LeaseNumber
        /// Who has it.
        public var holder: PoolHolder
        /// Since when.
        public var since: UnixTime
        /// Until when, unless kept alive: from that moment on it is free.
        public var until: UnixTime

        /// An assignment.
        public init(lease: LeaseNumber, holder: PoolHolder, since: UnixTime, until: UnixTime) {
            self.lease = lease
            self.holder = holder
            self.since = since
            self.until = until
        }
    }

    /// What it is known by.
    public let id: PooledTokenID
    /// The value, sealed: 1 to 8,192 bytes that the store does not read.
    public let sealed: [UInt8]
    /// What the owner wrote beside it: a JSON object of at most 1,024 bytes, or nothing.
    public let metadata: [UInt8]
    /// Where it stands.
    public var standing: Standing
    /// When somebody last generated, assigned, kept alive or gave it back.
    public var lastSign: UnixTime
    /// Its last assignment.
    public var lastLease: LeaseNumber = .none
    /// How many failures were reported since the last success.
    public var failures = 0
    /// When it was assigned, as far back as the pool's rate looks; the oldest first.
    public var recent: [UnixTime] = []

    /// A token.
    public init(id: PooledTokenID, sealed: [UInt8], metadata: [UInt8], standing: Standing, lastSign: UnixTime) {
        self.id = id
        self.sealed = sealed
        self.metadata = metadata
        self.standing = standing
        self.lastSign = lastSign
    }

    /// When the next thing happens to it by time alone; nil when nothing does.
    ///
    /// A free one is deleted, an assigned one lapses, a resting one is free again: one moment in each standing, so one index serves all.
    public var dueAt: UnixTime? {
        switch standing {
        case .free(_, let until): until
        case .assigned(let assignment): assignment.until
        case .resting(let until): until
        case .quarantined: nil
        }
    }

    /// The assignment, if it is assigned.
    public var assignment: Assignment? {
        guard case .assigned(let assignment) = standing else { return nil }
        return assignment
    }
}
