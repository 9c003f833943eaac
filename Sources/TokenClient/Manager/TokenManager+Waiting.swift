import Synchronization
import TokenCore

extension TokenManager {
    /// Asks the machine, and waits if it says so.
    @usableFromInline nonisolated(nonsending) func wait(newerThan: UInt64?, within patience: Duration?) async throws -> AccessToken {
        let asked = MonotonicTime.read()
        let deadline = asked + (patience ?? state.withLock { $0.machine.policy.patience })
        while true {
            try Task.checkCancellation()
            if let error = await suspend(newerThan: newerThan, deadline: deadline) {
                try Task.checkCancellation()
                throw error
            }
            // Not there any more if this task was stopped between the answer and here.
            guard let token = look(newerThan: newerThan) else { continue }
            telemetry.waited(MonotonicTime.read() - asked)
            return token
        }
    }

    /// Suspends the caller until there is a token; at once if there is.
    ///
    /// Whoever is resumed looks for it, instead of being handed it: thousands of tasks on all cores would count the references of one object, and each
    /// thread has a copy of its own for the looking.
    private nonisolated(nonsending) func suspend(newerThan: UInt64?, deadline: MonotonicTime) async -> (any Error)? {
        let waiter = state.withLock { Machine.Waiter($0.draw()) }
        return await withTaskCancellationHandler {
            #if DEBUG
            await withCheckedContinuation { ask($0, waiter, newerThan: newerThan, deadline: deadline) }
            #else
            await withUnsafeContinuation { ask($0, waiter, newerThan: newerThan, deadline: deadline) }
            #endif
        } onCancel: {
            cancel(waiter)
        }
    }

    /// Asks the machine, and notes who waits. Out of line, as `look`: what the machine needs on the way would lie in the memory of every task that waits.
    @inline(never)
    private func ask(_ continuation: Continuation, _ waiter: Machine.Waiter, newerThan: UInt64?, deadline: MonotonicTime) {
        let now = Moment.read()
        let outcome = handle(now) { state -> (Machine.Outcome?, Machine.Effects) in
            // Cancelled before this: the handler has run and found nothing. Cancelled later: it finds what is noted here.
            if Task.isCancelled { return (.deadline, Machine.Effects()) }
            let (outcome, effects) = state.machine.get(waiter, newerThan: newerThan, deadline: deadline, now: now)
            if outcome == nil { state.suspended.append(continuation, for: waiter) }
            if case .token(let held) = outcome { remember(held, state.machine) }
            return (outcome, effects)
        }
        if let outcome { continuation.resume(returning: TokenManagerError(outcome)) }
    }

    /// The token that is there, if it is not the one of this number.
    @inline(never)
    private func look(newerThan: UInt64?) -> AccessToken? {
        if let remembered, remembered.number != newerThan { return remembered }
        let now = Moment.read()
        return state.withLock { state in
            guard let held = state.machine.held, held.number != newerThan, !held.usable.isOver(at: now) else { return nil }
            remember(held, state.machine)
            return AccessToken(held.token)
        }
    }

    /// This thread may answer from its own memory: until the token's end, or until a caller has to start the next fetch. Under the lock.
    ///
    /// The coarse clocks are read first, and what is left is counted from there: a process that is stopped between the two readings loses time, and
    /// gains none.
    func remember(_ held: Machine.Held, _ machine: Machine) {
        let since = CoarseClock.read()
        var usable = held.usable
        if let call = machine.nextFetchByCall { usable.steady = min(usable.steady ?? call, call) }
        guard let end = CoarseEnd(usable.left(at: .read()), from: since) else { return }
        threads.keep(held.token, of: serial, version: version.load(ordering: .acquiring), until: end)
    }

    private func cancel(_ waiter: Machine.Waiter) {
        let now = Moment.read()
        let continuation = handle(now) { state -> (Continuation?, Machine.Effects) in
            let effects = state.machine.cancel(waiter, now: now)
            return (state.suspended.remove(waiter), effects)
        }
        continuation?.resume(returning: CancellationError())
    }
}

extension TokenManagerError {
    /// Nil for a token.
    init?(_ outcome: TokenManager.Machine.Outcome) {
        switch outcome {
        case .token: return nil
        case .refused(let refusal, let retryAfter): self.init(refusal, retryAfter: retryAfter)
        case .deadline: self = .deadline
        case .overloaded: self = .overloaded
        }
    }

    init(_ refusal: TokenManager.Machine.Refusal, retryAfter: Duration) {
        switch refusal {
        case .failed(let error): self = .failed(error, retryAfter: retryAfter)
        case .timedOut: self = .timedOut(retryAfter: retryAfter)
        case .expiredOnArrival: self = .expiredOnArrival(retryAfter: retryAfter)
        case .outdated: self = .outdated(retryAfter: retryAfter)
        }
    }
}
