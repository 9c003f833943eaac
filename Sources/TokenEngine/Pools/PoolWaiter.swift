import Synchronization
import TokenCore

/// One claim that waits: told at most once what became of it, unless it went away before.
final class PoolWaiter: Sendable {
    /// What the claim asks for.
    let claim: PoolClaim

    private enum State {
        /// Nobody has told it anything. Goes to `told` or `gone`.
        case waiting(CheckedContinuation<Void, Never>?)
        /// This became of it.
        case told(PoolOutcome)
        /// It does not wait any more, and cannot be told.
        case gone
    }

    /// Guarded for one change; nobody is resumed inside.
    private let state = Mutex(State.waiting(nil))

    init(_ claim: PoolClaim) { self.claim = claim }

    /// Tells it what became of it.
    ///
    /// - Returns: false when it has gone: what it was to have is somebody else's.
    func tell(_ outcome: PoolOutcome) -> Bool {
        let (isTold, sleeper) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard case .waiting(let sleeper) = state else { return (false, nil) }
            state = .told(outcome)
            return (true, sleeper)
        }
        sleeper?.resume()
        return isTold
    }

    /// Sleeps until it was told, or until the task is cancelled.
    func sleep() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard case .waiting = state, !Task.isCancelled else { return true }
                    state = .waiting(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard case .waiting(let sleeper) = state else { return nil }
                state = .waiting(nil)
                return sleeper
            }
            sleeper?.resume()
        }
    }

    /// It goes away.
    ///
    /// - Returns: what it had been told, if anything.
    func leave() -> PoolOutcome? {
        state.withLock { state in
            if case .told(let outcome) = state { return outcome }
            state = .gone
            return nil
        }
    }
}
