@testable import TokenCore

extension UpstreamWorld {
    /// What the machine asked for, seen from outside.
    mutating func hear(_ effects: Machine.Effects, isKept: Bool) {
        for case .expired(let number) in effects.notices where current?.number == number {
            if isServable(nil) { broken.append("a good token was called over") }
            current = nil
        }
        if let number = effects.abandoned { abandoned(number) }
        if let number = effects.begun { begun(number, isKept: isKept || !mayAbandon) }
        for (waiter, outcome) in effects.resumed.flatMap({ group in group.waiters.map { ($0, group.outcome) } }) {
            guard let index = waiting.firstIndex(where: { $0.id == waiter.id }) else {
                broken.append("somebody who does not wait was resumed")
                continue
            }
            let wait = waiting.remove(at: index)
            check(outcome, newerThan: wait.newerThan, waited: wait)
        }
    }

    /// A failure begins a cool-down: half the pause at the least, since chance is 0 here.
    mutating func noteFailures(_ effects: Machine.Effects, retryAfter: Duration? = nil, isFinal: Bool = false) {
        let failed = effects.notices.contains { if case .failed = $0 { true } else { false } }
        guard failed else { return }
        let least = max((isFinal ? policy.longestPause : policy.firstPause) / 2, retryAfter ?? .zero)
        cool = (now.steady + least, now.steady + max(policy.longestPause, retryAfter ?? .zero))
        if waiting.contains(where: { wait in !effects.resumed.contains { $0.waiters.contains { $0.id == wait.id } } && wait.newerThan == nil }) {
            broken.append("a failure was not shared")
        }
    }

    private mutating func begun(_ number: UInt64, isKept: Bool) {
        if flight != nil { broken.append("two fetches are under way") }
        if let cool, now.steady < cool.earliest { broken.append("a fetch begins in the cool-down") }
        if let lastBegun, now.steady < lastBegun + policy.leastInterval { broken.append("a fetch begins too soon after the last") }
        if !isWanted { broken.append("a fetch that nobody asked for") }
        if case .ahead = policy.refresh, let current, isUsable(current), now.steady < current.since + middle(of: current) {
            broken.append("a young token is fetched again")
        }
        flight = Flight(number: number, sentAt: now, isKept: isKept)
        isUnaware = false
        lastBegun = now.steady
    }

    private mutating func abandoned(_ number: UInt64) {
        guard let flight, flight.number == number else {
            broken.append("what is not under way was given up")
            return
        }
        let isTimeout = now.steady >= flight.sentAt.steady + policy.fetchTimeout
        if flight.isKept, !isTimeout { broken.append("a kept fetch was given up") }
        self.flight = nil
        late = number
    }

    /// What somebody was told.
    mutating func check(_ outcome: Machine.Outcome, newerThan: UInt64?, waited: Waiting? = nil) {
        switch outcome {
        case .token(let held):
            if held.token != held.number { broken.append("a token goes by the number of another") }
            if held.token <= invalidated { broken.append("an invalidated token was served") }
            if held.token < served { broken.append("an older token was served after a newer one") }
            if held.token == newerThan { broken.append("who waits for a newer token got the one it knows") }
            if let current, current.number == held.token, !isUsable(current) { broken.append("a token was served after its end") }
            if current?.number != held.token { broken.append("a token was served that is not the newest") }
            served = max(served, held.token)
        case .refused(_, let retryAfter):
            if waited == nil, let cool, now.steady >= cool.latest { broken.append("a failure sticks") }
            if let cool, now.steady + retryAfter > cool.latest { broken.append("a failure sticks") }
            if isServable(newerThan) { broken.append("a caller was refused although there is a token") }
        case .deadline:
            if let waited, waited.deadline > now.steady { broken.append("a wait ended before its deadline") }
            if isServable(newerThan) { broken.append("a caller was refused although there is a token") }
        case .overloaded:
            if waiting.count < policy.mostWaiters { broken.append("a caller was sent away although there is room") }
        }
    }

    /// What holds after every step.
    mutating func check(after before: UpstreamWorld) {
        if machine.isFetching != (flight != nil) { broken.append("the machine and the source disagree about what is under way") }
        if let held = machine.held, held.token <= invalidated { broken.append("an invalidated token is served again") }
        if machine.waiting != waiting.count { broken.append("a waiter was forgotten") }
        if let current, before.current?.number != current.number { checkReplacement(of: before.current, by: current) }
        if let newest = waiting.last, !before.waiting.contains(newest), isServable(newest.newerThan) {
            broken.append("a caller waits although there is a token")
        }
        checkProgress()
    }

    /// Nobody waits for ever, and a token is kept fresh if it is said to be.
    private mutating func checkProgress() {
        let next = nextWake
        if let deadline = waiting.map(\.deadline).min(), (next ?? .init(microseconds: .max)) > max(deadline, now.steady) + WaiterListLimits.slack {
            broken.append("a deadline has no timer")
        }
        if let flight {
            if next.map({ $0 > flight.sentAt.steady + policy.fetchTimeout }) ?? true { broken.append("a fetch has no timeout") }
            return
        }
        if keepsFresh, let end = machine.held?.usable.steady, next.map({ $0 > end }) ?? true { broken.append("nobody sees the end of the token") }
        guard machine.held == nil, !waiting.isEmpty || (keepsFresh && isWanted) else { return }
        guard let begin = machine.nextFetch, let next, next <= max(begin, now.steady) else {
            broken.append("nobody begins the fetch that is wanted")
            return
        }
        let spaced = (lastBegun ?? now.steady) + policy.longestPause
        if begin > max(now.steady, spaced, cool?.latest ?? now.steady) { broken.append("a failure sticks") }
    }

    /// A refresh that brings what ends sooner brings something old.
    private mutating func checkReplacement(of old: Issued?, by new: Issued) {
        guard let old, isUsable(old), case .ahead = policy.refresh, let oldEnd = old.end else { return }
        if let newEnd = new.end, newEnd.steady + policy.margin < oldEnd.steady { broken.append("a token that ends sooner replaced a later one") }
    }

    private func isUsable(_ token: Issued) -> Bool {
        guard let end = token.end else { return true }
        return now.steady < end.steady && now.wall < end.wall
    }

    /// Whether there is a token that a caller has to get at once, with the margin off its lifetime.
    private func isServable(_ newerThan: UInt64?) -> Bool {
        guard let current, current.number != newerThan else { return false }
        guard let end = current.end else { return true }
        return now.steady + policy.margin < end.steady && now.wall + policy.margin < end.wall
    }

    private func middle(of token: Issued) -> Duration { token.end.map { ($0.steady - token.since) / 2 } ?? .zero }
}

/// How much later than a deadline the machine may look at it.
enum WaiterListLimits {
    static let slack = Duration.milliseconds(5)
}
