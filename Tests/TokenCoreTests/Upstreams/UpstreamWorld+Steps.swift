@testable import TokenCore

extension UpstreamWorld {
    /// The world after a step, with what it broke; nil when the step makes no sense in it.
    func taking(_ step: Step) -> UpstreamWorld? {
        var world = self
        world.broken = []
        guard world.pass(step) else { return nil }
        world.check(after: self)
        return world
    }

    private mutating func pass(_ step: Step) -> Bool {
        switch step {
        case .get: get(nil, Self.patience)
        case .getBriefly: get(nil, Self.brief)
        case .watch: get(machine.held?.number ?? served, Self.patience)
        case .cancelFirst: return cancel(waiting.first, unless: waiting.isEmpty)
        case .cancelLast: return cancel(waiting.last, unless: waiting.count < 2)
        case .replyFresh: return reply(.lasting(.seconds(100)), end: .seconds(100))
        case .replyShort: return reply(.lasting(.seconds(9)), end: .seconds(9))
        case .replyUntil: return replyUntil(.seconds(60))
        case .replyOver: return replyUntil(.seconds(-1))
        case .replyUnstated: return reply(.unstated, end: policy.fallbackLifetime)
        case .replyUnlimited: return reply(.unlimited, end: nil)
        case .replyRejected: return replyRejected()
        case .replyLate, .failLate: return answerLate(isToken: step == .replyLate)
        case .fail: return fail(retryAfter: nil, isFinal: false)
        case .failWithRetryAfter: return fail(retryAfter: Self.retryAfter, isFinal: false)
        case .failForGood: return fail(retryAfter: nil, isFinal: true)
        case .invalidate: return invalidate(machine.held?.number)
        case .invalidateOld: return invalidate(machine.fetches > 1 ? (machine.held?.number ?? machine.fetches) - 1 : nil)
        case .start:
            isWanted = true
            let before = machine.held
            hear(machine.start(now: now), isKept: before == nil || keepsFresh)
        case .wake, .wakeLate:
            guard let next = nextWake else { return false }
            let late: Duration = step == .wakeLate ? .seconds(40) : .zero
            pass(max(.zero, next - now.steady) + late)
            wake()
        case .second: pass(.seconds(1))
        case .pastEnd:
            guard let end = current?.end, end.steady > now.steady else { return false }
            pass(end.steady - now.steady)
        case .wallBack, .wallForward:
            guard settings < 2 else { return false }
            settings += 1
            now.wall = now.wall + (step == .wallBack ? .seconds(-1000) : .seconds(1000))
        }
        return true
    }

    private mutating func pass(_ time: Duration) { now = Moment(wall: now.wall + time, steady: now.steady + time) }

    // MARK: Callers

    private mutating func get(_ newerThan: UInt64?, _ patience: Duration) {
        isWanted = true
        drawn += 1
        fault?.plant(beforeGet: &machine)
        let isDue = machine.held != nil
        let deadline = now.steady + patience
        let (outcome, effects) = machine.get(Machine.Waiter(drawn), newerThan: newerThan, deadline: deadline, now: now)
        if outcome == nil { waiting.append(Waiting(id: drawn, deadline: deadline, newerThan: newerThan)) }
        hear(effects, isKept: keepsFresh || (isDue && machine.held != nil))
        if let outcome { check(outcome, newerThan: newerThan) }
    }

    private mutating func cancel(_ waiter: Waiting?, unless nobody: Bool) -> Bool {
        guard !nobody, let waiter else { return false }
        waiting.removeAll { $0 == waiter }
        var effects = machine.cancel(Machine.Waiter(waiter.id), now: now)
        fault?.plant(afterCancel: &machine, &effects, others: waiting.map(\.id))
        hear(effects, isKept: false)
        return true
    }

    private mutating func invalidate(_ number: UInt64?) -> Bool {
        guard let number, number > 0 else { return false }
        let asked = fault == .oldInvalidationAccepted ? machine.held?.number ?? number : number
        let (wasCurrent, effects) = machine.invalidate(asked, now: now)
        if wasCurrent, current?.number != number { broken.append("a token that nobody complained of was dropped") }
        if wasCurrent {
            invalidated = max(invalidated, number)
            current = nil
            isUnaware = flight != nil
        }
        hear(effects, isKept: keepsFresh)
        return true
    }

    // MARK: The source

    private mutating func reply(_ lifetime: TokenLifetime, end: Duration?) -> Bool {
        guard let flight else { return false }
        let end = end.map { Moment(wall: flight.sentAt.wall + $0, steady: flight.sentAt.steady + $0) }
        return bring(flight, lifetime, end: end)
    }

    private mutating func replyUntil(_ left: Duration) -> Bool {
        guard let flight else { return false }
        let end = Moment(wall: now.wall + left, steady: now.steady + left)
        return bring(flight, .until(end.wall), end: end)
    }

    private mutating func bring(_ fetch: Flight, _ lifetime: TokenLifetime, end: Moment?) -> Bool {
        let before = machine.held
        let number = fetch.number
        flight = nil
        var effects = machine.fetched(number, lifetime, now: now, chance: 0) { _ in number }
        if let held = machine.held, held.number == number {
            current = Issued(number: number, since: fetch.sentAt.steady, end: end)
            cool = nil
        }
        fault?.plant(afterReply: &machine, &effects, before: before)
        noteFailures(effects)
        hear(effects, isKept: keepsFresh)
        return true
    }

    /// What was invalidated meanwhile comes once more.
    private mutating func replyRejected() -> Bool {
        guard let flight, isUnaware else { return false }
        self.flight = nil
        let rejected = invalidated
        let effects =
            fault == .rejectedTokenInstalled
            ? machine.fetched(flight.number, .lasting(.seconds(100)), now: now, chance: 0) { _ in rejected }
            : machine.broughtRejected(flight.number, now: now)
        hear(effects, isKept: keepsFresh)
        return true
    }

    private mutating func fail(retryAfter: Duration?, isFinal: Bool) -> Bool {
        guard let flight else { return false }
        self.flight = nil
        let heeded = fault == .retryAfterIgnored ? nil : retryAfter
        let effects = machine.failed(flight.number, 1, retryAfter: heeded, isFinal: isFinal, now: now, chance: 0)
        fault?.plant(afterFailure: &machine)
        noteFailures(effects, retryAfter: retryAfter, isFinal: isFinal)
        hear(effects, isKept: keepsFresh)
        return true
    }

    /// An answer to a fetch that was given up: nothing may come of it.
    private mutating func answerLate(isToken: Bool) -> Bool {
        guard let late else { return false }
        self.late = nil
        let before = canonical
        let number = fault == .lateReplyAccepted ? machine.fetches : late
        let effects =
            isToken
            ? machine.fetched(number, .lasting(.seconds(100)), now: now, chance: 0) { _ in late }
            : machine.failed(number, 1, retryAfter: nil, isFinal: false, now: now, chance: 0)
        if before != canonical || effects.begun != nil || effects.abandoned != nil || !effects.resumed.isEmpty || !effects.notices.isEmpty {
            broken.append("a late answer changed something")
        }
        return true
    }

    private mutating func wake() {
        var effects = machine.wake(now: now, chance: 0)
        fault?.plant(afterWake: machine, &effects)
        noteFailures(effects)
        hear(effects, isKept: keepsFresh)
    }
}
