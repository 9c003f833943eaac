import Synchronization
import TokenCore

/// When sessions were last seen, until it is written; and when they were last recorded, so that each is written once per interval, however many
/// tokens of it are used on however many event loops.
final class PendingActivity: Sendable {
    /// How many sessions may wait to be written: 16 MiB. A million sessions that are used all the time note 16,667 a second at the shortest
    /// interval, 83,000 between two flushes: so there is room for three, and a flush that is slow or fails is made up for by the next.
    static let most = 1 << 18
    /// When a note that found no room is tried again: soon, because the session may be unused from then on and would end early by as much; and not
    /// at once, because each try takes the lock that all event loops share.
    static let pauseWhenFull = Duration.seconds(1)
    /// How many recorded sessions each half remembers: 64 MiB at most. A session beyond it may be written once per token and loop.
    static let mostRemembered = 1 << 20

    private struct State {
        /// What waits to be written.
        var seen: [SessionID: UnixTime] = [:]
        /// When each session was last recorded: of this interval and of the one before, so that forgetting is one assignment.
        var recent: [SessionID: UnixTime] = [:]
        var older: [SessionID: UnixTime] = [:]
        var recentSince = UnixTime.epoch
    }

    /// Guarded while one entry is read or written, and while what waits is copied.
    private let state = Mutex(State())
    private let interval: Duration

    /// - Parameter interval: the shortest time between two records of one session.
    init(interval: Duration) { self.interval = interval }

    /// Notes that a session was seen, unless it was recorded less than an interval before.
    ///
    /// - Returns: from when on the interval counts: when the session was recorded last. Where too much waits nothing is recorded, and the interval
    ///   counts from a time that has the session noted again after `pauseWhenFull`.
    func note(_ session: SessionID, at time: UnixTime) -> UnixTime {
        state.withLock { state in
            if let last = state.recent[session] ?? state.older[session], time < last + interval { return last }
            guard state.seen.count < Self.most || state.seen[session] != nil else { return time + Self.pauseWhenFull - interval }
            state.seen[session] = max(state.seen[session] ?? .epoch, time)
            if state.recent.count < Self.mostRemembered || state.recent[session] != nil { state.recent[session] = time }
            return time
        }
    }

    func lastSeen(_ session: SessionID) -> UnixTime? { state.withLock { $0.seen[session] } }

    /// What waits, as it stands; it stays readable until `forget` says that it is written.
    func pending() -> [SessionID: UnixTime] { state.withLock { $0.seen } }

    /// Forgets what was written, unless it was seen again since.
    func forget(_ written: [SessionID: UnixTime]) {
        state.withLock { state in
            for (session, time) in written where state.seen[session] == time { state.seen[session] = nil }
        }
    }

    /// Forgets what was recorded more than an interval ago; some of it stays for one more.
    func sweep(now: UnixTime) {
        // What is forgotten is freed after the lock is given back.
        _ = state.withLock { state -> [SessionID: UnixTime] in
            guard now >= state.recentSince + interval else { return [:] }
            let gone = state.older
            state.older = state.recent
            state.recent = [:]
            state.recentSince = now
            return gone
        }
    }

    /// How many records are remembered.
    var remembered: Int { state.withLock { $0.recent.count + $0.older.count } }
}
