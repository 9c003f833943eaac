import Synchronization
import TokenCore

/// Admission to work that costs a signature or a write: so many at once, and so many of one connection (canon 58).
///
/// The work itself runs on the task pool, which has a thread per core and serves in the order of arrival; this keeps that queue short and
/// keeps one connection from filling it.
final class WorkShare: Sendable {
    private struct State {
        var total = 0
        var ofConnection: [ObjectIdentifier: Int] = [:]
    }

    /// Guards the counts for one change.
    private let state = Mutex(State())
    private let limit: Int
    private let limitPerConnection: Int

    convenience init(_ limits: Limits) { self.init(limits.work, perConnection: limits.workPerConnection) }

    /// Another kind of work, with bounds of its own.
    init(_ limit: Int, perConnection: Int) {
        self.limit = limit
        limitPerConnection = perConnection
    }

    /// Does a piece of work for a connection.
    ///
    /// - Throws: `temporarily_unavailable` with a time to come back when the share is used up; else what the work throws.
    func run<Value: Sendable>(
        for connection: ObjectIdentifier, _ work: () async throws(OAuthError) -> Value
    ) async throws(OAuthError) -> Value {
        try enter(connection)
        defer { leave(connection) }
        return try await work()
    }

    /// Begins a piece of work, which `leave` ends.
    ///
    /// - Throws: as `run`.
    func enter(_ connection: ObjectIdentifier) throws(OAuthError) {
        guard admit(connection) else {
            throw OAuthError(
                .temporarilyUnavailable, "Too many requests at once; try again.", detail: "share of work used up", retryAfter: .seconds(1))
        }
    }

    /// How much is at work or waiting now.
    var inProgress: Int { state.withLock { $0.total } }

    private func admit(_ connection: ObjectIdentifier) -> Bool {
        state.withLock { state in
            let own = state.ofConnection[connection, default: 0]
            guard state.total < limit, own < limitPerConnection else { return false }
            state.total += 1
            state.ofConnection[connection] = own + 1
            return true
        }
    }

    /// Ends a piece of work.
    func leave(_ connection: ObjectIdentifier) {
        state.withLock { state in
            state.total -= 1
            let own = state.ofConnection[connection, default: 1] - 1
            state.ofConnection[connection] = own == 0 ? nil : own
        }
    }
}
