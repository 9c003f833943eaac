/// One moment by both clocks. Wall time is what expiries are written in; steady time is what waiting is measured in, and nobody sets it.
///
/// They are never subtracted from one another. What must end ends with whichever clock says so first: a wall clock that is set back extends
/// nothing, and a machine that slept is caught by either.
public struct Moment: Sendable, Hashable {
    /// By the calendar.
    public var wall: UnixTime
    /// By the clock that only goes forward, also while the machine sleeps.
    public var steady: MonotonicTime

    /// A moment.
    public init(wall: UnixTime, steady: MonotonicTime) {
        self.wall = wall
        self.steady = steady
    }
}

/// How long a token of somebody else's may be used, as its issuer put it.
public enum TokenLifetime: Sendable, Hashable {
    /// `expires_in` (RFC 6749 section 5.1). Counts from when the request was *sent*: the issuer began to count later.
    case lasting(Duration)
    /// A moment by the issuer's clock, such as `exp` of a JWT.
    case until(UnixTime)
    /// Nothing was said: the policy's fallback counts.
    case unstated
    /// It does not end by time.
    case unlimited
}

/// When something must no longer be used: as soon as either clock has got there.
public struct UsableUntil: Sendable, Hashable {
    /// By the calendar; nil if only the steady clock counts.
    public var wall: UnixTime?
    /// By the steady clock; nil for what does not end.
    public var steady: MonotonicTime?

    /// An end by both clocks.
    public init(wall: UnixTime?, steady: MonotonicTime?) {
        self.wall = wall
        self.steady = steady
    }

    /// Whether it is over.
    public func isOver(at now: Moment) -> Bool {
        if let steady, now.steady >= steady { return true }
        if let wall, now.wall >= wall { return true }
        return false
    }

    /// How much is left by the clock that gets there first; nil if it does not end. Not below zero.
    public func left(at now: Moment) -> Duration? {
        let bySteady = steady.map { $0 - now.steady }
        let byWall = wall.map { $0 - now.wall }
        guard let least = [bySteady, byWall].compactMap(\.self).min() else { return nil }
        return max(.zero, least)
    }
}
