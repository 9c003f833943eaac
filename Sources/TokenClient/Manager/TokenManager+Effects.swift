import Synchronization
import TokenCore

// The driver: one event of the machine under the lock, then what it asked for, without the lock.
extension TokenManager {
    /// What is left to do after the lock is gone.
    private struct Work {
        /// Whose wait is over; with nil where there is a token now.
        var resumed: [(continuations: [Continuation], error: (any Error)?)] = []
        var cancelled: Task<Void, Never>?
        var begun: (number: UInt64, fetch: TokenFetch)?
        var wakeAt: MonotonicTime?
        var notices: [Machine.Notice] = []
    }

    /// One event without an answer.
    func handle(_ now: Moment, _ event: (inout State) -> Machine.Effects) {
        handle(now) { ((), event(&$0)) }
    }

    /// One event with an answer.
    func handle<Answer>(_ now: Moment, _ event: (inout State) -> (Answer, Machine.Effects)) -> Answer {
        let (answer, work) = state.withLock { state in
            let (answer, effects) = event(&state)
            return (answer, prepare(effects, &state))
        }
        perform(work)
        return answer
    }

    private func prepare(_ effects: Machine.Effects, _ state: inout State) -> Work {
        var work = Work()
        for (waiters, outcome) in effects.resumed { work.resumed.append((state.suspended.remove(waiters), TokenManagerError(outcome))) }
        if effects.abandoned != nil {
            work.cancelled = state.task
            state.task = nil
        }
        if let number = effects.begun {
            let held = state.machine.held.map { Secret(Array($0.token.value.utf8)) }
            work.begun = (number, TokenFetch(name: name, rejected: state.rejected, held: held, timeout: state.machine.policy.fetchTimeout))
        }
        work.notices = effects.notices
        note(effects.notices, &state)
        if let next = state.machine.nextWake, state.armed.map({ next < $0 }) ?? true {
            state.armed = next
            work.wakeAt = next
        }
        return work
    }

    /// Observers hear in the order of the machine; the buffers are bounded, so nothing waits here. Threads ask the machine again after each notice, but
    /// for a failure that is retried without them.
    private func note(_ notices: [Machine.Notice], _ state: inout State) {
        for notice in notices {
            if case .failed = notice, state.machine.policy.keepsFresh {} else { version.wrappingAdd(1, ordering: .releasing) }
            if state.observers.isEmpty { continue }
            let event = TokenEvent(notice)
            for observer in state.observers.values { observer.yield(event) }
        }
    }

    private func perform(_ work: Work) {
        work.cancelled?.cancel()
        if let (number, fetch) = work.begun { begin(number, fetch) }
        for (continuations, error) in work.resumed {
            for continuation in continuations { continuation.resume(returning: error) }
        }
        if let moment = work.wakeAt { WakeList.shared.wake(self, at: moment) }
        for notice in work.notices { telemetry.note(notice) }
    }

    private func begin(_ number: UInt64, _ fetch: TokenFetch) {
        let task = Task { await run(number, fetch) }
        let isUnderWay = state.withLock { state in
            guard state.machine.isFetching, state.machine.fetches == number else { return false }
            state.task = task
            return true
        }
        if !isUnderWay { task.cancel() }
    }

    /// One fetch, in a task of its own.
    private func run(_ number: UInt64, _ fetch: TokenFetch) async {
        let sentAt = MonotonicTime.read()
        let result = await telemetry.span { () async -> Result<IssuedToken, TokenSourceError> in
            do throws(TokenSourceError) { return .success(try await source.fetch(fetch)) } catch { return .failure(error) }
        }
        telemetry.fetched(result, after: MonotonicTime.read() - sentAt)
        let now = Moment.read()
        let chance = Double.random(in: 0..<1)
        handle(now) { state in
            if state.machine.fetches == number { state.task = nil }
            switch result {
            case .success(let issued):
                if let effects = refused(issued, of: number, fetch, now, chance, &state) { return effects }
                let value = String(decoding: issued.value.bytes, as: UTF8.self)
                let effects = state.machine.fetched(number, issued.lifetime, now: now, chance: chance) { usable in
                    AccessToken.Content(value: value, type: issued.type, scope: issued.scope, usable: usable, number: number)
                }
                if state.machine.held?.number == number { state.rejected = nil }
                return effects
            case .failure(let error):
                return state.machine.failed(
                    number, error, retryAfter: error.retryAfter, isFinal: error.isFinal, now: now, chance: chance)
            }
        }
    }
}

extension TokenManager {
    /// What follows when a fetch brought the very token that somebody found to be rejected; nil when it is to be served.
    ///
    /// A fetch that began before that was known is made once more. One that knew it has failed: that is said, and a pause is made. A source that brings
    /// the token again after the pause has no other one, or knows better: it is believed.
    private func refused(
        _ issued: IssuedToken, of number: Machine.Number, _ fetch: TokenFetch, _ now: Moment, _ chance: Double, _ state: inout State
    ) -> Machine.Effects? {
        guard state.machine.isFetching, state.machine.fetches == number, let rejected = state.rejected else { return nil }
        guard constantTimeEquals(rejected.bytes, issued.value.bytes), !state.wasInsisted else { return nil }
        guard let told = fetch.rejected, constantTimeEquals(told.bytes, rejected.bytes) else {
            return state.machine.broughtRejected(number, now: now)
        }
        state.wasInsisted = true
        return state.machine.failed(number, .rejectedAgain, retryAfter: nil, isFinal: false, now: now, chance: chance)
    }
}

extension TokenSourceError {
    fileprivate static var rejectedAgain: TokenSourceError {
        TokenSourceError(.other("the source brought the token again that was not accepted"))
    }
}

extension TokenManager: Sleeper {
    func wake(for moment: MonotonicTime) {
        let now = Moment.read()
        let chance = Double.random(in: 0..<1)
        handle(now) { state in
            // A moment that another one has replaced: whoever replaced it wakes this as well.
            guard state.armed == moment else { return Machine.Effects() }
            state.armed = nil
            return state.machine.wake(now: now, chance: chance)
        }
    }
}

extension TokenEvent {
    init(_ notice: TokenManager.Machine.Notice) {
        switch notice {
        case .refreshed(let held): self = .refreshed(AccessToken(held.token))
        case .failed(let refusal, let pause): self = .failed(TokenManagerError(refusal, retryAfter: pause), pause: pause)
        case .invalidated(let number): self = .invalidated(number: number)
        case .expired(let number): self = .expired(number: number)
        }
    }
}
