import Synchronization
import TokenCore

/// Everybody who enforces revocations here.
final class Enforcers: Sendable {
    private struct State {
        var all: [any RevocationEnforcer] = []
        /// What is live, for those who join later: one entry for each thing revoked, however often. Bounded like every view: by the lifetime of
        /// an access token.
        var live = RevocationView()
    }

    /// Guards the list while it is copied; never held while anybody enforces.
    private let state = Mutex(State())

    /// Has everybody enforce; returns when all do.
    func enforce(_ entries: [RevocationEntry]) async {
        guard !entries.isEmpty else { return }
        let all = state.withLock { state in
            for entry in entries { state.live.apply(entry) }
            return state.all
        }
        for enforcer in all { await enforcer.enforce(entries) }
    }

    /// Adds one and tells it what is live. Entries enforced meanwhile reach it too: it is in the list before it is told.
    func add(_ enforcer: any RevocationEnforcer, now: UnixTime) async {
        let live = state.withLock { state in
            state.all.append(enforcer)
            state.live.expire(now: now)
            return state.live.entries
        }
        await enforcer.enforce(live)
    }

    /// Forgets what every token outlived.
    func expire(now: UnixTime) {
        state.withLock { $0.live.expire(now: now) }
    }

    /// How many entries are live.
    var count: Int { state.withLock { $0.live.count } }
}
