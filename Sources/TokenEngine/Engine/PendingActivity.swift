import Synchronization
import TokenCore

/// When sessions were last seen, until it is written.
final class PendingActivity: Sendable {
    /// How many sessions may wait to be written: 4 MiB. Beyond it a note is dropped, and the next one of that session tries again; a flush every
    /// few seconds makes room for over 10,000 sessions a second.
    static let most = 65_536

    /// Guarded while one entry is read or written, and while all are taken.
    private let seen = Mutex<[SessionID: UnixTime]>([:])

    func note(_ session: SessionID, at time: UnixTime) {
        seen.withLock { seen in
            guard seen.count < Self.most || seen[session] != nil else { return }
            seen[session] = max(seen[session] ?? .epoch, time)
        }
    }

    func lastSeen(_ session: SessionID) -> UnixTime? { seen.withLock { $0[session] } }

    /// What waits, as it stands; it stays readable until `forget` says that it is written.
    func pending() -> [SessionID: UnixTime] { seen.withLock { $0 } }

    /// Forgets what was written, unless it was seen again since.
    func forget(_ written: [SessionID: UnixTime]) {
        seen.withLock { seen in
            for (session, time) in written where seen[session] == time { seen[session] = nil }
        }
    }
}
