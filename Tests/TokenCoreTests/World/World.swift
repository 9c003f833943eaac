import TokenCore

/// A small world for the machines of the core: one subject, a table of records with versions, a log of revocations and a clock.
///
/// A value, so that a walk may copy it at every fork. Beside what a store holds it keeps what a store cannot know: which tokens
/// were ever handed out, what was promised about them. `check…` compares the two.
struct World: Sendable {
    /// What a store holds.
    struct Store: Hashable, Sendable {
        /// Records by key, also those past their expiry.
        var records: [RecordKey: StoredRecord] = [:]
        /// The partition's revocation log.
        var revocations: [RevocationEntry] = []
        /// Which of the promises below were made to this store: they go back with it.
        var dead: Set<SessionID> = []
        /// When each token was first exchanged, and for which generation.
        var used: [SessionID: [UInt32: Use]] = [:]
        /// How often a retry was answered.
        var retries: [SessionID: UInt32] = [:]
    }

    /// The first exchange of a refresh token.
    struct Use: Hashable, Sendable {
        let successor: UInt32
        let at: UnixTime
    }

    /// What has been handed out for a session, whatever the store remembers.
    struct Handed: Hashable, Sendable {
        /// The highest generation of a refresh token.
        var generation: UInt32 = 0
        /// The latest `exp` of an access token.
        var accessEnd: UnixTime
        /// The absolute end that the session was born with.
        let end: UnixTime
        /// Whether it was ever handed out by a store that then went back.
        var wasForgotten = false
    }

    /// Something that a correct world does not do. Planting one must make a check fail.
    enum Fault: CaseIterable, Sendable {
        case ignoresVersions, ignoresEpoch, extendsEnd, forgetsReuse, forgetsRevocationEntry, losesRotations, losesEnds
        case remembersTooShortly, stretchesGrace, overlongAccess, namesKeyTwice, mixesPartitions, ignoresLimit, bornAtTheEpoch
        case countsRetriesTwice, overlongSession, stopsClock, silentChanges, movesBack, readsFamiliesFirst
    }

    static let subject = Subject(text: "anna")!
    static let partition = Partition(of: subject, count: 64)
    static let birth = UnixTime(milliseconds: 1_700_000_000_000)

    let policy: SessionPolicy
    let fault: Fault?
    /// Whether the store hands out records past their expiry: the machines must not rest on it.
    let keepsExpired: Bool
    var now = World.birth
    var store = Store()
    var snapshot: Store?
    var handed: [SessionID: Handed] = [:]
    var drawn: UInt64 = 0
    /// The clock of the latest request that was answered while another was under way.
    var latestAnswer = UnixTime.epoch

    init(policy: SessionPolicy, fault: Fault? = nil, keepsExpired: Bool = false) {
        self.policy = policy
        self.fault = fault
        self.keepsExpired = keepsExpired
    }

    /// What tells one state from another; how it came about does not.
    var fingerprint: Int {
        var hasher = Hasher()
        hasher.combine(now)
        hasher.combine(store)
        hasher.combine(snapshot)
        hasher.combine(handed)
        return hasher.finalize()
    }

    /// Sessions ever handed out, oldest first.
    var sessions: [SessionID] { handed.keys.sorted { ($0.high, $0.low) < ($1.high, $1.low) } }

    /// The policy that the machines are given: the world's own unless a fault bends it.
    var givenPolicy: SessionPolicy {
        var given = policy
        if fault == .stretchesGrace { given.refreshGrace = policy.refreshGrace + .seconds(3600) }
        if fault == .overlongAccess { given.accessLifetime = policy.accessLifetime + .seconds(3600); given.autoLogout = nil }
        if fault == .overlongSession { given.refreshLifetime = policy.refreshLifetime + .seconds(1) }
        if fault == .ignoresLimit { given.maxPerSubject = 0 }
        return given
    }
}

/// A promise that was broken.
struct Violation: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Throws a `Violation` unless the condition holds.
func require(_ condition: Bool, _ promise: @autoclosure () -> String) throws(Violation) {
    guard condition else { throw Violation(promise()) }
}
