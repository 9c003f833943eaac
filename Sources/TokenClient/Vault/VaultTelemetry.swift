import Logging
import Metrics
import Synchronization
public import TokenCore

/// What happened to a vault, or by its help.
public enum VaultNotice: Sendable, Equatable {
    /// It cannot be used: from now on this process fetches for itself, or not at all where refresh tokens are rotated.
    case away(StoreError)
    /// It can be used again.
    case back
    /// An answer came after a newer one had taken its place.
    case superseded
    /// The refresh token was lost in a rotation that began at this time.
    case lost(began: UnixTime)
}

/// Says once that a vault is away, and once that it is back.
final class VaultTelemetry: Sendable {
    private struct State {
        var isAway = false
        var drawn = 0
        var observers: [Int: AsyncStream<VaultNotice>.Continuation] = [:]
    }

    private let logger: Logger
    /// Guarded for one notice.
    private let state = Mutex(State())

    init(_ logger: Logger?) { self.logger = logger ?? Logger(label: "mintmark.token-client", factory: { _ in SwiftLogNoOpLogHandler() }) }

    deinit {
        state.withLock { state in
            for observer in state.observers.values { observer.finish() }
        }
    }

    /// Each observer has a place for the last 16.
    var notices: AsyncStream<VaultNotice> {
        AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let id = state.withLock { state in
                state.drawn += 1
                state.observers[state.drawn] = continuation
                return state.drawn
            }
            continuation.onTermination = { [weak self] _ in self?.state.withLock { _ = $0.observers.removeValue(forKey: id) } }
        }
    }

    /// The vault answered.
    func reached(_ name: String) {
        guard turned(away: false) else { return }
        logger.warning("the vault of an upstream is back", metadata: ["upstream": "\(name)"])
        Gauge(label: "mintmark_upstream_vault_away", dimensions: [("upstream", name)]).record(0)
        tell(.back)
    }

    /// The vault did not.
    func missed(_ name: String, _ trouble: StoreError) {
        guard turned(away: true) else { return }
        logger.warning("the vault of an upstream is away", metadata: ["upstream": "\(name)", "error": "\(trouble)"])
        Counter(label: "mintmark_upstream_vault_losses_total", dimensions: [("upstream", name)]).increment()
        Gauge(label: "mintmark_upstream_vault_away", dimensions: [("upstream", name)]).record(1)
        tell(.away(trouble))
    }

    func superseded(_ name: String) {
        logger.warning("an answer came after a newer one had taken its place", metadata: ["upstream": "\(name)"])
        tell(.superseded)
    }

    func lost(_ loss: UpstreamGrant.Loss) {
        logger.error("a rotation was lost", metadata: ["began": "\(loss.began.rfc3339)"])
        tell(.lost(began: loss.began))
    }

    private func turned(away: Bool) -> Bool {
        state.withLock { state in
            defer { state.isAway = away }
            return state.isAway != away
        }
    }

    private func tell(_ notice: VaultNotice) {
        let observers = state.withLock { Array($0.observers.values) }
        for observer in observers { observer.yield(notice) }
    }
}
