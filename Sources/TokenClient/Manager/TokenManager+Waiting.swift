import Synchronization
import TokenCore

extension TokenManager {
    /// Asks the machine, and waits if it says so.
    nonisolated(nonsending) func wait(newerThan: UInt64?, within patience: Duration?) async throws -> AccessToken {
        let asked = MonotonicTime.read()
        let deadline = asked + (patience ?? state.withLock { $0.machine.policy.patience })
        while true {
            try Task.checkCancellation()
            switch await outcome(newerThan: newerThan, deadline: deadline) {
            case .token(let held):
                // Whoever was stopped between the answer and here must not use what ended meanwhile.
                guard !held.usable.isOver(at: .read()) else { continue }
                telemetry.waited(MonotonicTime.read() - asked)
                return AccessToken(held.token)
            case .refused(let refusal, let retryAfter): throw TokenManagerError(refusal, retryAfter: retryAfter)
            case .deadline:
                try Task.checkCancellation()
                throw TokenManagerError.deadline
            case .overloaded: throw TokenManagerError.overloaded
            }
        }
    }

    private nonisolated(nonsending) func outcome(newerThan: UInt64?, deadline: MonotonicTime) async -> Machine.Outcome {
        let waiter = state.withLock { Machine.Waiter($0.draw()) }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = Moment.read()
                let outcome = handle(now) { state -> (Machine.Outcome?, Machine.Effects) in
                    // Cancelled before this: the handler has run and found nothing. Cancelled later: it finds what is noted here.
                    if Task.isCancelled { return (.deadline, Machine.Effects()) }
                    let (outcome, effects) = state.machine.get(waiter, newerThan: newerThan, deadline: deadline, now: now)
                    if outcome == nil { state.continuations[waiter] = continuation }
                    if newerThan == nil, case .token(let held) = outcome { remember(held, state.machine, now) }
                    return (outcome, effects)
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            cancel(waiter)
        }
    }

    /// This thread may answer from its own memory: until the token's end, or until a caller has to start the next fetch.
    func remember(_ held: Machine.Held, _ machine: Machine, _ now: Moment) {
        var usable = held.usable
        if let call = machine.nextFetchByCall { usable.steady = min(usable.steady ?? call, call) }
        threads.keep(held.token, of: serial, version: version.load(ordering: .acquiring), left: usable.left(at: now))
    }

    private func cancel(_ waiter: Machine.Waiter) {
        let now = Moment.read()
        let continuation = handle(now) { state -> (Continuation?, Machine.Effects) in
            let effects = state.machine.cancel(waiter, now: now)
            return (state.continuations.removeValue(forKey: waiter), effects)
        }
        continuation?.resume(returning: .deadline)
    }
}

extension TokenManagerError {
    init(_ refusal: TokenManager.Machine.Refusal, retryAfter: Duration) {
        switch refusal {
        case .failed(let error): self = .failed(error, retryAfter: retryAfter)
        case .timedOut: self = .timedOut(retryAfter: retryAfter)
        case .expiredOnArrival: self = .expiredOnArrival(retryAfter: retryAfter)
        case .outdated: self = .outdated(retryAfter: retryAfter)
        }
    }
}
