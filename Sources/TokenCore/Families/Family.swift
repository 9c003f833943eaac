/// One session: the family of refresh tokens that descend from one login, and what its access tokens say.
///
/// One record however often it is refreshed: a refresh raises the generation, and nothing is stored per token.
public struct Family: Sendable, Hashable {
    /// Why a family is over before its time.
    public enum RevocationReason: UInt8, Sendable, CaseIterable {
        /// Its own subject logged out.
        case logout = 1
        /// Its subject ended it from another session.
        case endedBySubject = 2
        /// A newer login took its place (`sessions.max_per_subject`).
        case replaced = 3
        /// A rotated refresh token came back.
        case reuse = 4
        /// An administrator ended it.
        case administrator = 5
        /// An epoch ended it, found later by the reaper.
        case epoch = 6

        /// The `reason` member of events.
        public var text: String {
            switch self {
            case .logout: "logout"
            case .endedBySubject: "ended_by_subject"
            case .replaced: "replaced"
            case .reuse: "reuse"
            case .administrator: "administrator"
            case .epoch: "epoch"
            }
        }
    }

    /// The life of one login and every refresh token descended from it.
    public enum Life: Sendable, Hashable {
        /// The token of this generation may be rotated. Goes to `revoked` on reuse, logout or order; ends by time alone otherwise.
        case active(generation: UInt32, rotatedAt: UnixTime)
        /// Nothing is accepted any more; kept only as long as its last access token could live. Absent means over.
        case revoked(RevocationReason, at: UnixTime)
    }

    /// What the caller of a login chose, kept with the session.
    public struct Attributes: Sendable, Hashable {
        /// The `scope` claim (RFC 8693 section 4.2): space-separated, or nil.
        public var scope: String?
        /// The `aud` of its access tokens (RFC 7519 section 4.1.3); nil for the configured one.
        public var audience: String?
        /// A label shown in lists.
        public var device: String?
        /// Further members of the access token's claims: the UTF-8 of a JSON object's inside, without braces; empty for none.
        public var claims: [UInt8]

        /// Attributes, all optional; together at most 2 KiB, which the border has checked.
        public init(scope: String? = nil, audience: String? = nil, device: String? = nil, claims: [UInt8] = []) {
            self.scope = scope
            self.audience = audience
            self.device = device
            self.claims = claims
        }
    }

    /// Its name, with birth and partition.
    public let id: SessionID
    /// Whose it is.
    public let subject: Subject
    /// Which client began it, if one had to.
    public let client: ClientID?
    /// The seal key that its refresh tokens are made with, from birth to end.
    public let seal: SealNumber
    /// Sixteen random bytes that only the store has: without them no inner tag can be made.
    public let salt: [UInt8]
    /// What the caller chose.
    public let attributes: Attributes
    /// When it is over whatever happens.
    public let end: UnixTime
    /// By when every access token of it has expired, leeway included.
    public var lastAccessEnd: UnixTime
    /// Where it stands.
    public var life: Life
    /// When it was last seen and how many refreshes were retried.
    public var activity: Activity
    /// When its record ceases to exist.
    public var expiresAt: UnixTime

    /// A family at its birth: generation 0, not yet rotated.
    public init(
        id: SessionID, subject: Subject, client: ClientID?, seal: SealNumber, salt: [UInt8], attributes: Attributes, policy: SessionPolicy,
        now: UnixTime
    ) {
        self.id = id
        self.subject = subject
        self.client = client
        self.seal = seal
        self.salt = salt
        self.attributes = attributes
        // After a restore births may lie ahead of the clock, behind an epoch that was; lifetimes begin now.
        end = min(id.birth, now) + policy.refreshLifetime
        lastAccessEnd = policy.lastAccessEnd(now: now, sessionEnd: end)
        life = .active(generation: 0, rotatedAt: now)
        activity = Activity(lastSeen: now)
        expiresAt = min(end, policy.idleEnd(lastSeen: now))
    }

    /// How often it was refreshed.
    public var rotations: UInt32 {
        if case .active(let generation, _) = life { generation } else { 0 }
    }
}

extension Family {
    /// What a genuine refresh token of the family is met with.
    public enum RefreshAction: Hashable, Sendable {
        /// The current token: the family moved to this generation.
        case rotate(to: UInt32)
        /// The token just rotated, inside the grace window: the same successor again, nothing moved.
        case repeatSuccessor(UInt32)
        /// A token ahead of the record: the store went back; the family moved forward to this generation.
        case moveForward(to: UInt32)
        /// An older token: the family is over.
        case rejectReuse
        /// The family was over already.
        case reject(why: String)
    }

    /// A genuine refresh token of a generation is presented (RFC 6749 section 6, rotation per RFC 9700 section 4.14.2).
    ///
    /// - Parameters:
    ///   - generation: what the token says.
    ///   - epoch: the latest epoch that concerns this family, or nil.
    ///   - now: the clock of the request.
    public mutating func refresh(presenting generation: UInt32, epoch: UnixTime?, policy: SessionPolicy, now: UnixTime) -> RefreshAction {
        guard case .active(let current, let rotatedAt) = life else { return .reject(why: "revoked") }
        if let epoch, id.birth <= epoch { return .reject(why: "an epoch ended it") }
        if end <= now { return .reject(why: "its absolute end has passed") }
        if policy.idleEnd(lastSeen: activity.lastSeen) <= now { return .reject(why: "no activity") }
        guard generation < .max else { return .reject(why: "no generation is left") }
        if generation == current {
            rotate(to: current + 1, policy: policy, now: now)
            return .rotate(to: current + 1)
        }
        if generation > current {
            rotate(to: generation + 1, policy: policy, now: now)
            return .moveForward(to: generation + 1)
        }
        // Without a window there is no retry, also for a request whose clock was read before the rotation it lost against.
        if generation + 1 == current, policy.refreshGrace > .zero, now < rotatedAt + policy.refreshGrace {
            return .repeatSuccessor(current)
        }
        revoke(.reuse, policy: policy, now: now)
        return .rejectReuse
    }

    private mutating func rotate(to generation: UInt32, policy: SessionPolicy, now: UnixTime) {
        life = .active(generation: generation, rotatedAt: now)
        activity.lastSeen = max(activity.lastSeen, now)
        lastAccessEnd = max(lastAccessEnd, policy.lastAccessEnd(now: now, sessionEnd: end))
        expiresAt = min(end, policy.idleEnd(lastSeen: activity.lastSeen))
    }

    /// Until when its end must be remembered: every access token of it has expired by then, also those of rotations that a store
    /// which went back has forgotten.
    func revocationEnd(policy: SessionPolicy, now: UnixTime) -> UnixTime {
        max(lastAccessEnd, policy.lastAccessEnd(now: now, sessionEnd: end))
    }

    /// Ends it. A family that is over already keeps its first reason.
    public mutating func revoke(_ reason: RevocationReason, policy: SessionPolicy, now: UnixTime) {
        guard case .active = life else { return }
        life = .revoked(reason, at: now)
        expiresAt = max(lastAccessEnd, now + .milliseconds(1))
    }

    /// Whether it would still be refreshed: neither revoked, nor ended by an epoch, by time or for want of activity.
    public func isLive(epoch: UnixTime?, policy: SessionPolicy, now: UnixTime) -> Bool {
        guard case .active = life else { return false }
        if let epoch, id.birth <= epoch { return false }
        return now < end && now < policy.idleEnd(lastSeen: activity.lastSeen)
    }
}
