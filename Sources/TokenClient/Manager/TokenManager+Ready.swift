import Synchronization
import TokenCore

extension TokenManager {
    /// The token if it is there now, without ever waiting: for an event loop, which must not.
    ///
    /// As `token()` it is checked on every call that the token's time is not over and that nobody has rejected it, and as there a refresh that is due
    /// begins; a second call on the same thread is answered from the thread's own memory.
    ///
    /// - Returns: nil when there is none: `token()` then waits for one.
    public func ready() -> AccessToken? {
        if let remembered { return remembered }
        let now = Moment.read()
        return handle(now) { state -> (AccessToken?, Machine.Effects) in
            // Nobody waits whose deadline is now: no waiter is noted. A manager that keeps itself fresh begins its first fetch here too.
            let (outcome, effects) = state.machine.get(Machine.Waiter(0), deadline: now.steady, now: now)
            guard case .token(let held) = outcome else { return (nil, effects) }
            remember(held, state.machine)
            return (AccessToken(held.token), effects)
        }
    }
}
