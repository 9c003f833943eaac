/// What any number of processes share of one token of somebody else's: the token, who fetches the next one, and, where the issuer rotates refresh
/// tokens, how far an exchange has come.
///
/// A pure machine: a process reads it from a vault, lets one event happen, and writes it back with a compare-and-swap; who was slower reads again.
/// All times are of the one clock that goes with the vault.
///
/// A lease is numbered, and the number is its fence: what was fetched under an older one than the published token's changes nothing. A refresh token
/// that an issuer gave in place of another is the exception, because it cannot be had again: it is taken as long as it is the newest of its line.
public struct UpstreamGrant: Sendable {
    /// The number of a lease; 1 is the first, 0 is none.
    public typealias Fence = UInt64

    /// Who fetches: sixteen random bytes, drawn for one fetch.
    public struct Holder: Hashable, Sendable {
        /// The bytes.
        public let bytes: [UInt8]
        /// A holder of those bytes.
        public init(_ bytes: [UInt8]) { self.bytes = bytes }
    }

    /// The right to fetch, until it ends.
    public struct Lease: Hashable, Sendable {
        /// Its number.
        public let fence: Fence
        /// Whose it is.
        public let holder: Holder
        /// Since when.
        public let since: UnixTime
        /// Until when nobody else fetches.
        public let until: UnixTime
    }

    /// A token for everybody.
    public struct Published: Sendable {
        /// What is sent.
        public let token: Secret
        /// `token_type`.
        public let type: String
        /// `scope`, if the issuer said what it granted.
        public let scope: String?
        /// Under which lease it was fetched.
        public let fence: Fence
        /// When it was asked for.
        public let since: UnixTime
        /// The issuer's end; nil if it does not end.
        public let until: UnixTime?
    }

    /// The refresh tokens, each brought by the one before it.
    public struct Line: Sendable {
        /// The one to present.
        public internal(set) var token: Secret
        /// How many have been replaced or confirmed before it.
        public internal(set) var generation: UInt64
        /// Under which lease it came; 0: with the configuration.
        public internal(set) var fence: Fence
        /// Since when the issuer may have replaced it without our knowing: an exchange began then whose answer was not seen.
        public internal(set) var doubt: UnixTime?
    }

    /// An exchange of the line's refresh token. It was noted before the call: without an answer it is under way, or was cut.
    public struct Exchange: Sendable {
        /// Under which lease it began.
        public internal(set) var fence: Fence
        /// When.
        public internal(set) var began: UnixTime
        /// What came and has not been read.
        public internal(set) var answer: Answer?
    }

    /// What an issuer answered, as it came.
    public struct Answer: Sendable {
        /// The bytes.
        public let bytes: Secret
        /// Of which lease's exchange.
        public let fence: Fence
        /// Which refresh token was presented.
        public let generation: UInt64
        /// When it was.
        public let began: UnixTime
    }

    /// The last fetch brought nothing: for all who share it.
    public struct Failure: Hashable, Sendable {
        /// Why, in the driver's own form.
        public let reason: [UInt8]
        /// How many there were since the last token.
        public let count: UInt32
        /// Nobody tries before this.
        public let until: UnixTime
    }

    /// The line is at its end: its refresh token was refused, and an exchange of it had been cut before.
    public struct Loss: Hashable, Sendable {
        /// When that exchange began.
        public let began: UnixTime
        /// When the refusal came.
        public let noticed: UnixTime
    }

    /// The last lease's number.
    public internal(set) var fence: Fence = 0
    /// The lease that was taken and not given back.
    public internal(set) var lease: Lease?
    /// The token for everybody.
    public internal(set) var published: Published?
    /// The refresh tokens; nil where there are none, and before the first exchange.
    public internal(set) var line: Line?
    /// An exchange that is not settled.
    public internal(set) var exchange: Exchange?
    /// Why there is no newer token.
    public internal(set) var failure: Failure?
    /// What was lost.
    public internal(set) var loss: Loss?

    /// Nothing yet.
    public init() {}
}

extension UpstreamGrant {
    /// How far apart two readings of the vault's clock may be.
    static let clockError = Duration.seconds(5)

    /// What a caller wants to know, and what it knows already.
    public struct Ask: Sendable {
        /// By the vault's clock.
        public var now: UnixTime
        /// What the caller serves now, and when that was asked for; a newer one is wanted.
        public var held: (token: Secret, since: UnixTime?)?
        /// A token that is not accepted any more.
        public var rejected: Secret?
        /// A lease that the caller has watched for longer than it was to last, by a clock that nobody sets.
        public var outwaited: Fence?
        /// An answer that the caller could not read.
        public var unreadable: Fence?

        /// Any token will do.
        public init(now: UnixTime) { self.now = now }
    }

    /// What the caller does next.
    public enum Step: Sendable {
        /// This token is what it wants.
        case use(Published)
        /// Read this answer and tell `issued` or `failed`.
        case read(Answer)
        /// Look again soon: somebody fetches.
        case wait(Lease)
        /// Nobody fetches before this failure has been given time.
        case failed(Failure)
        /// Nothing will come of it any more.
        case lost(Loss)
        /// Take the lease, write that, and fetch.
        case take
    }

    /// What to do about it as it stands.
    public func look(_ ask: Ask) -> Step {
        if let answer = exchange?.answer, answer.fence != ask.unreadable { return .read(answer) }
        if let published, isWanted(published, ask) { return .use(published) }
        if let loss { return .lost(loss) }
        if let lease, isInForce(lease, ask) { return .wait(lease) }
        if let failure, isInForce(failure, ask.now) { return .failed(failure) }
        return .take
    }

    private func isWanted(_ published: Published, _ ask: Ask) -> Bool {
        guard published.isFresh(at: ask.now), !published.isSame(as: ask.rejected) else { return false }
        guard let held = ask.held else { return true }
        // An issuer that gives the same token again until shortly before its end is not asked by everybody in turn.
        if published.isYoung(at: ask.now) { return true }
        return !published.isSame(as: held.token) && published.since > held.since ?? .epoch
    }

    private func isInForce(_ lease: Lease, _ ask: Ask) -> Bool { ask.now < lease.until && ask.outwaited != lease.fence }

    /// A pause that is longer than any is one by a clock that was set back since.
    private func isInForce(_ failure: Failure, _ now: UnixTime) -> Bool {
        now < failure.until && failure.until - now <= UpstreamPolicy().longestRetryAfter + Self.clockError
    }
}

extension UpstreamGrant.Published {
    /// Whether there is enough left of it to hand it out, less what managers take off for the way. One that was asked for in the future is by a clock
    /// that was set back since.
    func isFresh(at now: UnixTime) -> Bool {
        guard since <= now + UpstreamGrant.clockError else { return false }
        guard let until else { return true }
        return until - now > min(.seconds(5), (until - since) / 10)
    }

    /// In the first twentieth of its lifetime: no manager refreshes so early.
    func isYoung(at now: UnixTime) -> Bool { until.map { now - since < ($0 - since) / 20 } ?? false }

    func isSame(as other: Secret?) -> Bool { other.map { constantTimeEquals($0.bytes, token.bytes) } ?? false }
}

extension UpstreamGrant {
    /// When a vault may forget it: never, where refresh tokens cannot be had again; else a day after its token's end, or a month where that is not
    /// known.
    public func isNeededUntil(from now: UnixTime) -> UnixTime {
        if line != nil { return .distantFuture }
        guard let until = published?.until else { return now + .seconds(30 * 86_400) }
        return max(now, until) + .seconds(86_400)
    }
}
