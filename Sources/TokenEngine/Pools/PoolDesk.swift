import Synchronization
import TokenCore

/// What an instance knows of one pool: who waits here, when the next thing is due, and what was counted.
final class PoolDesk: Sendable {
    let pool: PoolName

    private struct State {
        var line = PoolLine()
        var nextDue: UnixTime?
        var counts = PoolFigures.Counts()
    }

    /// Guarded for one change of any of them.
    private let state = Mutex(State())

    init(_ pool: PoolName) { self.pool = pool }

    /// Takes in what a verb said. Replies may arrive in another order than that of their verbs: so the earliest moment is kept until it has come.
    ///
    /// - Parameter awakens: whether the line is woken when there is something to be had.
    /// - Returns: whether somebody has to begin to serve the line.
    func note(_ reply: PoolReply, awakens: Bool) -> Bool {
        state.withLock { state in
            if let next = reply.nextDue { state.nextDue = min(next, state.nextDue ?? next) }
            for event in reply.happened { state.counts.add(event) }
            return awakens && reply.wakes && state.line.wake()
        }
    }

    /// When the next thing is due by time alone; perhaps earlier than that.
    var nextDue: UnixTime? { state.withLock { $0.nextDue } }

    /// Whether something is due; asked once for each moment.
    func takeDue(by now: UnixTime) -> Bool {
        state.withLock { state in
            guard let next = state.nextDue, next <= now else { return false }
            state.nextDue = nil
            return true
        }
    }

    /// What was due could not be settled: it still is.
    func putBackDue(_ moment: UnixTime) { state.withLock { $0.nextDue = moment } }

    /// What was counted.
    var counts: PoolFigures.Counts { state.withLock { $0.counts } }
    /// Somebody has waited for so long, and has what it wanted.
    func waited(_ duration: Duration) { state.withLock { $0.counts.waits.add(duration) } }

    /// Changes the line.
    func withLine<Value: Sendable>(_ body: (inout PoolLine) -> sending Value) -> sending Value { state.withLock { body(&$0.line) } }

    /// Sends everybody away.
    func dismiss(_ outcome: PoolOutcome) {
        for waiter in state.withLock({ $0.line.empty() }) { _ = waiter.tell(outcome) }
    }
}
