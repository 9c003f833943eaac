import TokenCore

/// Whether this instance has the lease of one piece of work, and what to do about it.
///
/// Time comes in as a value of the clock that all instances share. It may be wrong by `margin` between two of them: a holder stops that much before
/// the lease ends, and nobody takes it before its end.
struct LeaseMachine: Sendable {
    /// How long a lease lasts that is not renewed.
    static let length = Duration.seconds(5)
    /// How long before its end its holder no longer relies on it.
    static let margin = Duration.seconds(1)

    /// What to commit: the record, over the version that was read.
    struct Claim: Sendable, Equatable {
        let record: LeaseRecord
        let over: Version
    }

    let work: LeaseRecord.Work
    /// Whoever asks: sixteen random bytes.
    let holder: [UInt8]
    /// The lease as this instance has it; nil while it does not.
    private(set) var held: Held?

    /// A lease that is ours.
    struct Held: Sendable, Equatable {
        /// The version to name in what is committed under it.
        let fence: Version
        /// When it ends unless it is renewed.
        let until: UnixTime
    }

    init(_ work: LeaseRecord.Work, holder: [UInt8]) {
        self.work = work
        self.holder = holder
    }

    /// The fencing number, while the work is ours by this clock.
    func fence(at now: UnixTime) -> Version? {
        guard let held, now < held.until - Self.margin else { return nil }
        return held.fence
    }

    /// What the store has was read.
    ///
    /// - Returns: what to commit: a lease that nobody has any more, or ours, renewed. Nil while it is somebody else's.
    mutating func read(_ record: Versioned<LeaseRecord>?, now: UnixTime) -> Claim? {
        let isOurs = record?.record.holder == holder
        // Also ours when a commit whose answer was lost went through.
        held = if isOurs, let record { Held(fence: record.version, until: record.record.until) } else { nil }
        if let record, !isOurs, now < record.record.until { return nil }
        return Claim(record: LeaseRecord(work, holder: holder, until: now + Self.length), over: record?.version ?? .absent)
    }

    /// The claim was committed.
    mutating func claimed(_ claim: Claim) { held = Held(fence: claim.over.next, until: claim.record.until) }

    /// Somebody else was faster: what is there now is read with the next look.
    mutating func lost() { held = nil }

    /// The work is given up.
    ///
    /// - Returns: what to commit, so that somebody else may take it at once; nil when it was not ours.
    mutating func giveUp(now: UnixTime) -> Claim? {
        defer { held = nil }
        guard let held, now < held.until else { return nil }
        return Claim(record: LeaseRecord(work, holder: holder, until: now), over: held.fence)
    }
}
