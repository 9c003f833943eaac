/// How long things live and how many there may be. Durations are positive unless said otherwise; configuration has checked them.
public struct SessionPolicy: Hashable, Sendable {
    /// The most leeway that a validator may be configured with. What must be remembered is remembered for as long, whatever today's leeway is:
    /// tomorrow's may be longer, and what was forgotten by then would be accepted again.
    public static let mostLeeway = Duration.seconds(60)
    /// The longest `accessLifetime` that can be configured: what has to be assumed where no record tells.
    public static let mostAccessLifetime = Duration.seconds(24 * 3600)

    /// How long an access token lives at most.
    public var accessLifetime: Duration
    /// How long a session lives at most, however often it is refreshed.
    public var refreshLifetime: Duration
    /// How long a session lives without activity; nil for no such limit.
    public var autoLogout: Duration?
    /// How long the token just rotated still gets its successor; zero turns that off.
    public var refreshGrace: Duration
    /// How many live sessions a subject may have; 0 for no limit. A login reads all of them, so that configuration allows 100,000 at most.
    public var maxPerSubject: Int
    /// The longest `accessLifetime` of any configuration whose tokens may still be alive, this one included: what is revoked without
    /// being read must be remembered that long.
    public var longestAccessLifetime: Duration

    /// A policy; the defaults are those of the configuration.
    public init(
        accessLifetime: Duration = .seconds(900), refreshLifetime: Duration = .seconds(720 * 3600), autoLogout: Duration? = nil,
        refreshGrace: Duration = .seconds(30), maxPerSubject: Int = 0,
        longestAccessLifetime: Duration = .zero
    ) {
        self.accessLifetime = accessLifetime
        self.refreshLifetime = refreshLifetime
        self.autoLogout = autoLogout
        self.refreshGrace = refreshGrace
        self.maxPerSubject = maxPerSubject
        self.longestAccessLifetime = max(longestAccessLifetime, accessLifetime)
    }

    /// The shortest time between two writes of one session's activity, and so how late `autoLogout` may end it:
    /// a twentieth of it, but not less than a minute.
    public var activityInterval: Duration {
        guard let autoLogout else { return .seconds(60) }
        return max(.seconds(60), autoLogout / 20)
    }

    /// When a session last seen then is over for want of activity: never before `autoLogout` has passed since it was truly seen, which may be up
    /// to `activityInterval` after what is stored.
    public func idleEnd(lastSeen: UnixTime) -> UnixTime {
        guard let autoLogout else { return .distantFuture }
        return lastSeen + autoLogout + activityInterval
    }

    /// When an access token minted now expires: the least of its lifetime, `autoLogout` and the session's absolute end, so that no check needs
    /// the store.
    public func accessEnd(now: UnixTime, sessionEnd: UnixTime) -> UnixTime {
        min(now + min(accessLifetime, autoLogout ?? accessLifetime), sessionEnd)
    }

    /// By when every access token that descends from a refresh at `now` has expired everywhere, those of retries inside the grace window
    /// and the leeway of any validator included.
    public func lastAccessEnd(now: UnixTime, sessionEnd: UnixTime) -> UnixTime {
        accessEnd(now: now + refreshGrace, sessionEnd: sessionEnd) + Self.mostLeeway + .seconds(1)
    }

    /// By when every access token minted until `now` by any configuration has expired everywhere: how long an epoch must be remembered, and
    /// the end of a session whose record is not there to tell.
    public func lastAccessEnd(now: UnixTime) -> UnixTime {
        now + refreshGrace + max(longestAccessLifetime, accessLifetime) + Self.mostLeeway + .seconds(1)
    }
}
