import JOSE
import Logging
import Synchronization
import TokenCore
import TokenEngine
import TokenSealing

/// An engine in this process, asked like a server: the same races and checkers run on both, and here faults can be planted.
struct EngineService: SessionService {
    let engine: TokenEngine
    /// What one event loop would know.
    let loop: LoopView

    /// An engine over a store, and one service for each of its loops.
    static func make(
        _ store: any TokenEngine.Store, loops: [LoopView], policy: SessionPolicy = SessionPolicy()
    ) async throws -> [EngineService] {
        let engine = TokenEngine(
            configuration: .init(issuer: "https://issuer.example", audience: "api", policy: policy), store: store, seals: .generate(),
            signers: try OneKey(), clock: SystemClock(), logger: Logger(label: "proof") { _ in SwiftLogNoOpLogHandler() })
        try await engine.start()
        for loop in loops { await engine.add(enforcer: loop) }
        return loops.map { EngineService(engine: engine, loop: $0) }
    }

    func login(_ user: Int64) async -> Reply<Pair> {
        guard let subject = Subject(integer: user) else { return .refused(400) }
        return await reply { () throws(OAuthError) in Pair(try await engine.login(.init(subject: subject))) }
    }

    func refresh(_ token: String) async -> Reply<Pair> {
        await reply { () throws(OAuthError) in Pair(try await engine.refresh(Array(token.utf8))) }
    }

    func authenticate(_ access: String) async -> Reply<Void> { bearer(access) == nil ? .refused(401) : .ok(()) }

    func logout(_ access: String) async -> Reply<Void> {
        guard let (session, subject) = bearer(access) else { return .refused(401) }
        return await reply { () throws(OAuthError) in try await engine.logout(session: session, subject: subject) }
    }

    func logoutAll(_ access: String) async -> Reply<Void> {
        guard let (_, subject) = bearer(access) else { return .refused(401) }
        return await reply { () throws(OAuthError) in _ = try await engine.logoutAll(subject: subject, because: .logout) }
    }

    func end(_ session: String, by access: String) async -> Reply<Void> {
        guard let (_, subject) = bearer(access) else { return .refused(401) }
        guard let id = SessionID(session) else { return .refused(404) }
        return await reply { () throws(OAuthError) in try await engine.endSession(id, owner: subject, because: .endedBySubject) }
    }

    /// Whose the token is, unless this loop refuses it. Signatures are another proof's concern.
    private func bearer(_ access: String) -> (SessionID, Subject)? {
        guard let jws = try? JWS(parsing: Array(access.utf8)), let claims = try? JWTClaims(parsing: jws.payload),
            let session = claims["sid"]?.string.flatMap({ SessionID($0) }),
            let subject = claims.subject.flatMap({ Int64($0) }).flatMap({ Subject(integer: $0) }),
            loop.accepts(session, of: subject)
        else { return nil }
        return (session, subject)
    }

    private func reply<T: Sendable>(_ work: () async throws(OAuthError) -> T) async -> Reply<T> {
        do { return .ok(try await work()) } catch {
            switch error.code {
            case .temporarilyUnavailable: return .unknown
            case .notFound: return .refused(404)
            default: return .refused(401)
            }
        }
    }
}

extension Pair {
    fileprivate init(_ pair: TokenPair) {
        self.init(
            access: String(decoding: pair.access, as: UTF8.self), refresh: String(decoding: pair.refresh, as: UTF8.self),
            session: pair.session.description)
    }
}

/// One signing key for as long as the engine runs.
private struct OneKey: SignerSource {
    let key: SigningKey

    init() throws { key = try SigningKey.generate(.es256) }
    var signer: (any Signer)? { LocalSigner(key: key) }
}

/// What one event loop enforces; a fault makes it forget.
final class LoopView: RevocationEnforcer {
    private let view = Mutex(RevocationView())
    /// Which entries it takes note of.
    private let heeds: @Sendable (RevocationEntry) -> Bool

    init(heeds: @escaping @Sendable (RevocationEntry) -> Bool = { _ in true }) { self.heeds = heeds }

    func enforce(_ entries: [RevocationEntry]) async {
        view.withLock { view in for entry in entries where heeds(entry) { view.apply(entry) } }
    }

    func accepts(_ session: SessionID, of subject: Subject) -> Bool {
        guard let key = KeyID("any") else { return false }
        return view.withLock { !$0.isRevoked(session: session, subject: subject, client: nil, key: key) }
    }
}
