import JOSE
import Logging
import SQLiteStore
import Synchronization
import TokenCore
import TokenEngine
import TokenSealing

/// What an engine needs beside its store, and what survives a power cut because it is not in the store.
struct EngineUnderCut: Sendable {
    let clock: StandingClock
    let seals: SealKeys
    let view = EnforcedView()
    /// Whether what was refreshed before the cut may still be retried.
    let isInsideGrace: Bool
    private static let policy = SessionPolicy()

    init(beginning time: UnixTime) {
        self.init(
            clock: StandingClock(time: time), seals: SealKeys.generate(), isInsideGrace: true
        )
    }

    private init(clock: StandingClock, seals: SealKeys, isInsideGrace: Bool) {
        self.clock = clock
        self.seals = seals
        self.isInsideGrace = isInsideGrace
    }

    /// The same parts for the process after, whose clock says more and whose event loops know nothing.
    func later(by duration: Duration) -> EngineUnderCut {
        EngineUnderCut(
            clock: StandingClock(time: clock.time + duration), seals: seals, isInsideGrace: duration < Self.policy.refreshGrace)
    }

    func engine(over store: SQLiteStore) -> TokenEngine {
        TokenEngine(
            configuration: .init(issuer: "https://issuer.example", audience: "api", policy: Self.policy), store: store, seals: seals,
            signers: Unsigned(), clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}

/// A clock that stands: what is asked of a round does not depend on how long it took.
struct StandingClock: WallClock {
    let time: UnixTime
    let isBehind = false
    func now() -> UnixTime { time }
}

/// Signs nothing: what is asked here is asked of refresh tokens, and signatures would take most of the time.
struct Unsigned: SignerSource, Signer {
    var signer: (any Signer)? { self }
    func sign(_ payload: [UInt8]) async throws(JOSEError) -> [UInt8] { payload }
}

/// What an event loop knows of revocations.
final class EnforcedView: RevocationEnforcer {
    private let view = Mutex(RevocationView())

    func enforce(_ entries: [RevocationEntry]) async {
        view.withLock { view in for entry in entries { view.apply(entry) } }
    }

    func refuses(_ session: SessionID, of subject: Subject) -> Bool {
        guard let key = KeyID("any") else { return false }
        return view.withLock { $0.isRevoked(session: session, subject: subject, client: nil, key: key) }
    }
}
