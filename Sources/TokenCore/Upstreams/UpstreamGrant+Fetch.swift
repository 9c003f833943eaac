// What happens to a grant while one of many fetches.
extension UpstreamGrant {
    /// A fetch that was begun: what its outcome is told with.
    public struct Turn: Sendable {
        /// The lease.
        public let fence: Fence
        /// When it was taken. What is fetched lasts from here: the issuer begins to count later.
        public let began: UnixTime
        /// The refresh token to present.
        public let refreshToken: Secret?
        /// Which of the line that is.
        public let generation: UInt64
    }

    /// What a fetch brought.
    public struct Issued: Sendable {
        /// What is sent.
        public var token: Secret
        /// `token_type`.
        public var type: String
        /// `scope`.
        public var scope: String?
        /// How long it lasts.
        public var lifetime: TokenLifetime
        /// What takes the place of the refresh token; nil: it stays.
        public var refreshToken: Secret?

        /// A token as it was issued.
        public init(token: Secret, type: String, scope: String?, lifetime: TokenLifetime, refreshToken: Secret? = nil) {
            self.token = token
            self.type = type
            self.scope = scope
            self.lifetime = lifetime
            self.refreshToken = refreshToken
        }
    }

    /// Takes the lease, after `look` said so. Where refresh tokens are exchanged this is the intent too: it is written before the call.
    ///
    /// - Parameters:
    ///   - first: the refresh token to begin with; nil where there are none.
    ///   - rejected: is not published any more.
    ///   - error: by how much `now` may be ahead of the vault's clock: what is fetched lasts from so much earlier.
    public mutating func take(
        _ holder: Holder, for length: Duration, first: Secret?, rejected: Secret?, now: UnixTime, error: Duration = .zero
    ) -> Turn {
        fence += 1
        let began = now - error
        lease = Lease(fence: fence, holder: holder, since: now, until: now + length)
        if let published, published.isSame(as: rejected) { self.published = nil }
        guard let first else { return Turn(fence: fence, began: began, refreshToken: nil, generation: 0) }
        var line = line ?? Line(token: first, generation: 0, fence: 0, doubt: nil)
        if let exchange { line.doubt = line.doubt ?? exchange.began }
        self.line = line
        exchange = Exchange(fence: fence, began: began, answer: exchange?.answer)
        return Turn(fence: fence, began: began, refreshToken: line.token, generation: line.generation)
    }

    /// An answer came and is about to be stored, unread.
    ///
    /// A holder that was paused and has lost its lease may still do so, as long as its answer is the newest of its line: what it brought cannot be had
    /// again.
    ///
    /// - Returns: false when a newer one has taken its place; nothing is lost then that the line still needs.
    public mutating func answered(_ bytes: Secret, _ turn: Turn) -> Bool {
        guard let line else { return false }
        let isOfThisToken = line.generation == turn.generation && exchange?.answer?.fence ?? 0 < turn.fence
        let isNewerOfTheLast = line.generation == turn.generation + 1 && line.fence < turn.fence && exchange == nil
        guard isOfThisToken || isNewerOfTheLast else { return false }
        let answer = Answer(bytes: bytes, fence: turn.fence, generation: turn.generation, began: turn.began)
        exchange = Exchange(fence: max(turn.fence, exchange?.fence ?? 0), began: exchange?.began ?? turn.began, answer: answer)
        return true
    }

    /// The stored answer was read.
    ///
    /// - Returns: false when somebody else was faster.
    public mutating func read(_ answer: Answer, _ issued: Issued, fallback: Duration) -> Bool {
        guard exchange?.answer?.fence == answer.fence, let line else { return false }
        // Another exchange of the same refresh token has begun since: the issuer may have taken it for reuse.
        let isContested = fence != answer.fence
        self.line = Line(
            token: issued.refreshToken ?? line.token, generation: answer.generation + 1, fence: answer.fence,
            doubt: isContested ? line.doubt ?? answer.began : nil)
        self.exchange = nil
        loss = nil
        publish(issued, fence: answer.fence, began: answer.began, fallback: fallback)
        return true
    }

    /// A fetch without a refresh token brought this.
    ///
    /// - Returns: false when the lease was lost to somebody else: the token is not published.
    public mutating func fetched(_ issued: Issued, _ turn: Turn, fallback: Duration) -> Bool {
        guard fence == turn.fence else { return false }
        publish(issued, fence: turn.fence, began: turn.began, fallback: fallback)
        return true
    }

    private mutating func publish(_ issued: Issued, fence: Fence, began: UnixTime, fallback: Duration) {
        if lease?.fence == fence { lease = nil }
        failure = nil
        guard fence > published?.fence ?? 0 else { return }
        published = Published(
            token: issued.token, type: issued.type, scope: issued.scope, fence: fence, since: began,
            until: issued.lifetime.end(from: began, fallback: fallback))
    }
}

extension UpstreamGrant {
    /// What a failure says about the refresh token that was presented.
    public enum Meaning: Sendable {
        /// It stands: the issuer said no to something else.
        case stands
        /// Nobody knows: no answer, or one that says nothing.
        case unknown
        /// It is not accepted (`invalid_grant`, RFC 6749 section 5.2).
        case refused
    }

    /// How a failure is shared.
    public struct Sharing: Sendable {
        /// Why, in the driver's own form.
        public var reason: [UInt8]
        /// What the issuer said about when to come again.
        public var retryAfter: Duration?
        /// Whether asking again in the same way gives the same answer.
        public var isFinal: Bool
        /// 0 ..< 1, for the jitter of the pause.
        public var chance: Double

        /// A failure to share.
        public init(reason: [UInt8], retryAfter: Duration?, isFinal: Bool, chance: Double) {
            self.reason = reason
            self.retryAfter = retryAfter
            self.isFinal = isFinal
            self.chance = chance
        }
    }

    /// A fetch brought nothing.
    ///
    /// - Parameter sharing: nil for what is this process's own affair: others try at once.
    /// - Returns: what was lost by it, if anything was.
    public mutating func failed(_ turn: Turn, _ meaning: Meaning, sharing: Sharing?, now: UnixTime) -> Loss? {
        if lease?.fence == turn.fence { lease = nil }
        guard fence == turn.fence else { return nil }
        if let sharing { share(sharing, now) }
        guard let line, let exchange, line.generation == turn.generation else { return nil }
        let cut = line.doubt ?? exchange.answer?.began
        switch meaning {
        case .unknown: return nil
        case .stands:
            if cut == nil { self.exchange = nil }
            return nil
        case .refused:
            // What came and could not be read is kept: it may be all that is left.
            self.exchange = exchange.answer == nil ? nil : exchange
            loss = cut.map { Loss(began: $0, noticed: now) }
            return loss
        }
    }

    /// An answer that was stored cannot be read. It stays, the failure is shared, and after the pause the old refresh token is presented once more.
    public mutating func unreadable(_ answer: Answer, sharing: Sharing, now: UnixTime) {
        if lease?.fence == answer.fence { lease = nil }
        share(sharing, now)
    }

    /// A stored answer turned out to be a refusal: nothing is in it that could be lost.
    ///
    /// - Returns: what to tell `failed` with; nil when somebody else was faster.
    public mutating func discard(_ answer: Answer) -> Turn? {
        guard exchange?.answer?.fence == answer.fence else { return nil }
        exchange?.answer = nil
        return Turn(fence: answer.fence, began: answer.began, refreshToken: nil, generation: answer.generation)
    }

    /// Whether what this turn brought is stored, read or not.
    public func has(_ turn: Turn) -> Bool { exchange?.answer?.fence == turn.fence || line?.fence == turn.fence }

    private mutating func share(_ sharing: Sharing, _ now: UnixTime) {
        let count = (failure?.count ?? 0) &+ 1
        let pause = UpstreamPolicy().pause(
            after: Int(max(1, count)), retryAfter: sharing.retryAfter, isFinal: sharing.isFinal, chance: sharing.chance)
        failure = Failure(reason: sharing.reason, count: max(1, count), until: now + pause)
    }
}

extension TokenLifetime {
    /// The end of what was asked for at `began`; nil for what does not end.
    func end(from began: UnixTime, fallback: Duration) -> UnixTime? {
        switch self {
        case .lasting(let duration): began + max(.zero, duration)
        case .until(let end): end
        case .unstated: began + fallback
        case .unlimited: nil
        }
    }
}
