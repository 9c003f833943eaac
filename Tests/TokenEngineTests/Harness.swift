import JOSE
import Logging
import Synchronization
import TokenCore
import TokenEngine
import TokenSealing

/// A clock that stands until it is told.
final class ManualClock: WallClock {
    private let time: Mutex<UnixTime>
    private let behind = Mutex(false)

    init(_ time: UnixTime = UnixTime(seconds: 1_800_000_000)) { self.time = Mutex(time) }

    func now() -> UnixTime { time.withLock { $0 } }
    var isBehind: Bool { behind.withLock { $0 } }
    func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
    func stepBack() { behind.withLock { $0 = true } }
}

/// One signing key, or none.
final class FixedSigner: SignerSource {
    let key: SigningKey
    private let broken = Mutex(false)

    init() throws { key = try SigningKey.generate(.es256) }

    var signer: (any Signer)? { broken.withLock { $0 } ? nil : LocalSigner(key: key) }
    func fail(_ fails: Bool) { broken.withLock { $0 = fails } }
}

/// What one event loop does: holds a view.
final class Loop: RevocationEnforcer {
    private let view = Mutex(RevocationView())

    func enforce(_ entries: [RevocationEntry]) async {
        view.withLock { view in for entry in entries { view.apply(entry) } }
    }

    func accepts(_ session: SessionID, of subject: Subject, client: ClientID? = nil) -> Bool {
        guard let key = KeyID("any") else { return false }
        return view.withLock { !$0.isRevoked(session: session, subject: subject, client: client, key: key) }
    }
}

/// An engine over a store, with a clock in hand.
struct Harness {
    let clock = ManualClock()
    let signer: FixedSigner
    let seals: SealKeys
    let loop = Loop()
    let store: any TokenEngine.Store
    let engine: TokenEngine

    init(store: any TokenEngine.Store, policy: SessionPolicy = SessionPolicy()) async throws {
        try self.init(store, SealKeys.generate(), policy)
        try await engine.start()
        await engine.add(enforcer: loop)
    }

    /// One of many instances: they have their seal keys in common, and a follower starts the engine.
    init(shared store: SharedDouble, policy: SessionPolicy = SessionPolicy()) async throws {
        try self.init(store, store.seals, policy)
        await engine.add(enforcer: loop)
    }

    private init(_ store: any TokenEngine.Store, _ seals: SealKeys, _ policy: SessionPolicy) throws {
        self.store = store
        self.seals = seals
        signer = try FixedSigner()
        engine = TokenEngine(
            configuration: .init(issuer: "https://issuer.example", audience: "api", policy: policy), store: store, seals: seals,
            signers: signer, clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func login(_ user: Int64 = 1, device: String? = nil) async throws -> TokenPair {
        guard let subject = Subject(integer: user) else { throw OAuthError(.invalidRequest, "no such user") }
        return try await engine.login(.init(subject: subject, attributes: .init(device: device)))
    }

    /// The claims of an access token, its signature checked.
    func claims(_ pair: TokenPair) throws -> JWTClaims {
        let jws = try JWS(parsing: pair.access)
        try jws.verify(with: signer.key.verificationKey)
        return try JWTClaims(parsing: jws.payload)
    }

    func events() async throws -> [Event.Name] {
        try await store.events(after: 0, limit: 10_000).map(\.event.name)
    }
}
