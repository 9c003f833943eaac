import NIOCore
import NIOHTTP1
import TokenCore
import TokenEngine
import TokenValidation

/// What one event loop knows: its own view of what is revoked, its own cache, its own counters. Confined to its loop, so without locks.
final class LoopState {
    /// Tokens that were verified, for this loop's connections.
    private var cache: VerifiedTokenCache
    /// What is revoked, as far as this loop has read the feed.
    private var view = RevocationView()
    private var applied: UInt64 = 0
    private let feed: RevocationFeed
    /// Nil where there are no sessions.
    private let engine: TokenEngine?
    private let clock: any WallClock
    /// Nil where there are no tokens of others.
    private var upstreams: UpstreamDesk?
    /// The rule behind their `loopback`.
    private let local: LocalCaller?
    private let sharing: TokenServer.Sharing?
    /// How often a session's activity is reported; nil for never.
    private let activityInterval: Duration?
    /// The wall clock as of the last burst.
    private(set) var now: UnixTime
    /// The same as a header field.
    private(set) var date: HTTPDate
    /// Answers that never change.
    let replies = PreparedReplies()
    fileprivate let claims = PreparedClaims()
    /// A buffer that no connection uses, kept with its room.
    private var spare: ByteBuffer?
    /// Open HTTP/1 connections.
    var connections = 0
    /// What the fast lane answered.
    private(set) var counts = FastCounts()
    /// How long its answers took.
    private(set) var latency = Histogram()

    init(
        engine: TokenEngine?, clock: any WallClock, feed: RevocationFeed, limits: Limits, leeway: Duration, seed: UInt64,
        sharing: TokenServer.Sharing?, upstreams: UpstreamDesk?
    ) {
        self.engine = engine
        self.clock = clock
        self.upstreams = upstreams
        local = upstreams?.local
        self.sharing = sharing
        self.feed = feed
        activityInterval = engine.flatMap { $0.configuration.policy.autoLogout == nil ? nil : $0.configuration.policy.activityInterval }
        cache = VerifiedTokenCache(entryLimit: limits.cachedTokens, byteLimit: limits.cachedBytes, leeway: leeway, seed: seed)
        now = clock.now()
        date = HTTPDate(now)
    }

    /// Reads the clock, once per burst.
    func refreshClock() {
        now = clock.now()
        date.update(now)
    }

    /// Enforces whatever was revoked since this loop last looked. One load of an atomic when nothing was.
    func catchUp() {
        let head = feed.head
        if head == applied { return }
        for entry in feed.entries(after: applied, upTo: head) { view.apply(entry) }
        applied = head
    }

    /// Drops what every token outlived.
    func expire() {
        refreshClock()
        view.expire(now: now)
    }

    /// Forgets the tokens of keys that have left the key set.
    func keep(keys isAccepted: (KeyID) -> Bool) { cache.keep(keys: isAccepted) }

    /// How many tokens are remembered.
    var cachedTokens: Int { cache.count }
    /// How many revocations are enforced.
    var revocations: Int { view.count }
}

// MARK: - Tokens

extension LoopState {
    /// What this loop knows of a token at this moment.
    func look(up token: UnsafeBufferPointer<UInt8>) -> VerifiedTokenCache.Answer {
        catchUp()
        let answer = cache.look(up: token, view: view, now: now)
        if case .accepted(let hit) = answer { recordActivity(hit.slot) }
        return answer
    }

    /// The token itself, where it is known and accepted.
    func verified(_ token: [UInt8]) -> Result<VerifiedToken, InvalidToken>? {
        refreshClock()
        return token.withUnsafeBufferPointer { bytes in
            switch look(up: bytes) {
            case .unknown: nil
            case .refused(let reason): .failure(reason)
            case .accepted(let hit): cache.token(in: hit.slot).map { .success($0) }
            }
        }
    }

    /// Takes over a token that was verified elsewhere, unless it has been revoked or has expired meanwhile: what counts is this loop's view now.
    ///
    /// - Parameter keys: asked now and not when the token was verified: a key that leaves the set later is one that `keep` is told of.
    func admit(_ token: VerifiedToken, bytes: [UInt8], keys: KeyKeeper) -> Bool {
        catchUp()
        refreshClock()
        guard keys.snapshot.verification[token.key] != nil, cache.insert(bytes, token, view: view, now: now) else { return false }
        // The first use is activity like every other.
        if activityInterval != nil { _ = bytes.withUnsafeBufferPointer { look(up: $0) } }
        return true
    }

    private func recordActivity(_ slot: Int) {
        guard let activityInterval, let engine, let session = cache.activityIsDue(in: slot, every: activityInterval, now: now) else { return }
        // Another loop, or another token of the session, may have been first: then the interval counts from there.
        cache.countActivity(in: slot, from: engine.recordActivity(session, at: now))
    }
}

// MARK: - The fast lane

extension LoopState {
    /// The answer that needs neither a signature check nor a store; nil when the plain route has to find it.
    func answer(_ target: RequestShape.Target, _ authorization: String?) -> FastAnswer? {
        switch target {
        case .ping: .prepared(replies.pong)
        case .authenticate: authenticate(authorization)
        case .upstreamToken, .login, .refresh, .pooledToken, .other: nil
        }
    }

    /// The answer with a token of somebody else's; nil when the plain route has to find out who asks, or to wait for a token.
    func upstreamAnswer(_ head: HTTPRequestHead, _ shape: RequestShape, from peer: Peer) -> FastAnswer? {
        guard let local, let identity = identity(head, shape, peer, local) else { return nil }
        return upstreams?.answer(head.uri, for: identity, now: now).map { .prepared($0) }
    }

    private func identity(_ head: HTTPRequestHead, _ shape: RequestShape, _ peer: Peer, _ local: LocalCaller) -> UpstreamIdentity? {
        if let authorization = shape.authorization {
            // Whoever does not hear of deleted clients asks the store.
            guard sharing?.follower.isStale(at: now) != true else { return nil }
            catchUp()
            return upstreams?.identity(authorization, view: view, now: now)
        }
        return switch peer {
        case .user(let user): .process(user: user)
        case .address(let address): local.admits(head, host: shape.host, peer: address) ? .local : nil
        case .unknown: nil
        }
    }

    /// A client has proved who it is, by this field.
    func remember(client id: String, name: String, authorization: String) {
        guard let client = ClientID(id) else { return }
        refreshClock()
        upstreams?.remember(.client(id: id, name: name), id: client, authorization: authorization, now: now)
    }

    private func authenticate(_ authorization: String?) -> FastAnswer? {
        guard var authorization else { return .prepared(replies.credentialsMissing) }
        return authorization.withUTF8 { value in
            switch Bearer(value) {
            case .absent: .prepared(replies.credentialsMissing)
            case .malformed: .prepared(replies.tokenNotValid)
            case .token(let token):
                switch look(up: token) {
                case .accepted(let hit): sharing?.refusesToJudge(at: now) == true ? .prepared(replies.stale) : .claims(hit.payload)
                case .refused: .prepared(replies.tokenNotValid)
                case .unknown: AccessTokenVerifier.looksLikeToken(token) ? nil : .prepared(replies.tokenNotValid)
                }
            }
        }
    }

    /// Counts what one burst answered.
    func count(_ burst: FastCounts, took: TimeAmount) {
        counts.add(burst)
        latency.record(nanoseconds: took.nanoseconds, times: burst.total)
    }

    /// An empty buffer with room.
    func takeBuffer() -> ByteBuffer {
        defer { spare = nil }
        return spare ?? ByteBufferAllocator().buffer(capacity: 4_096)
    }

    /// Keeps a buffer for the next burst, unless it has grown large or is still being sent.
    func giveBack(_ buffer: consuming ByteBuffer) {
        guard spare == nil, buffer.capacity <= 65_536 else { return }
        buffer.clear()
        spare = buffer
    }
}

extension ByteBuffer {
    /// Appends an answer to what a connection sends next, with the loop's date.
    mutating func append(_ answer: FastAnswer, from state: LoopState) {
        switch answer {
        case .claims(let payload): state.claims.write(payload, to: &self, date: state.date)
        case .prepared(let reply): reply.write(to: &self, date: state.date)
        }
    }
}
