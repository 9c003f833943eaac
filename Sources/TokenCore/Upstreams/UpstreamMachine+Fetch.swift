// What fetches bring, and what time does.
extension UpstreamMachine {
    /// A fetch brought a token.
    ///
    /// - Parameters:
    ///   - chance: 0 ..< 1, for the jitter of the next refresh.
    ///   - token: what is kept, made with the end that was found for it.
    public mutating func fetched(
        _ number: Number, _ lifetime: TokenLifetime, now: Moment, chance: Double, token: (UsableUntil) -> Token
    ) -> Effects {
        var effects = Effects()
        guard let fetch = fetching, fetch.number == number else { return effects }
        let (usable, refreshAt) = policy.plan(lifetime, sentAt: fetch.sentAt, now: now, chance: chance)
        guard !usable.isOver(at: now) else {
            fail(.expiredOnArrival, retryAfter: nil, isFinal: false, now: now, chance: chance, &effects)
            return effects
        }
        let new = Held(token: token(usable), number: number, since: now, usable: usable, refreshAt: refreshAt)
        held = new
        failures = 0
        activity = .resting
        for waiter in waiters.removeAll(watchersToo: true) { effects.resumed.append((waiter, .token(new))) }
        effects.notices.append(.refreshed(new))
        return effects
    }

    /// A fetch brought nothing.
    ///
    /// - Parameters:
    ///   - retryAfter: what the source said, if it did.
    ///   - isFinal: whether asking again in the same way gives the same answer.
    ///   - chance: 0 ..< 1, for the jitter of the pause.
    public mutating func failed(
        _ number: Number, _ failure: Failure, retryAfter: Duration?, isFinal: Bool, now: Moment, chance: Double
    ) -> Effects {
        var effects = Effects()
        guard let fetch = fetching, fetch.number == number else { return effects }
        fail(.failed(failure), retryAfter: retryAfter, isFinal: isFinal, now: now, chance: chance, &effects)
        return effects
    }

    /// Time has passed: whatever is due by now happens.
    public mutating func wake(now: Moment, chance: Double) -> Effects {
        var effects = Effects()
        if let fetch = fetching, now.steady >= fetch.sentAt.steady + policy.fetchTimeout {
            effects.abandoned = fetch.number
            fail(.timedOut, retryAfter: nil, isFinal: false, now: now, chance: chance, &effects)
        }
        dropIfOver(now, &effects)
        for waiter in waiters.due(at: now.steady) { effects.resumed.append((waiter, .deadline)) }
        abandonIfUnwanted(&effects)
        if policy.keepsFresh, refreshIsDue(now) { begin(now, isKept: true, &effects) }
        beginIfWanted(now, &effects)
        return effects
    }

    /// When `wake` has something to do; nil if only a call can change anything.
    public var nextWake: MonotonicTime? {
        let end = policy.keepsFresh ? held?.usable.steady : nil
        let timeout = fetching.map { $0.sentAt.steady + policy.fetchTimeout }
        return [waiters.earliest, end, timeout, nextFetch].compactMap(\.self).min()
    }

    /// When the next fetch begins by itself; nil if one is under way, or only a call begins one.
    public var nextFetch: MonotonicTime? {
        if fetching != nil { return nil }
        if wantsFetch { return mayBeginAt }
        guard policy.keepsFresh, let refreshAt = held?.refreshAt else { return nil }
        return max(refreshAt, mayBeginAt ?? refreshAt)
    }
}

extension UpstreamMachine {
    /// Whether a token is wanted that is not there.
    private var wantsFetch: Bool {
        held == nil && (waiters.wanting > 0 || (policy.keepsFresh && isWanted))
    }

    /// Before this no fetch begins; nil if one may at any time.
    private var mayBeginAt: MonotonicTime? {
        let spaced = lastBegun.map { $0 + policy.leastInterval }
        if case .cooling(_, let until) = activity { return max(until, spaced ?? until) }
        return spaced
    }

    func refreshIsDue(_ now: Moment) -> Bool {
        guard fetching == nil, let refreshAt = held?.refreshAt, now.steady >= refreshAt else { return false }
        return now.steady >= mayBeginAt ?? now.steady
    }

    mutating func beginIfWanted(_ now: Moment, _ effects: inout Effects) {
        guard fetching == nil, wantsFetch, now.steady >= mayBeginAt ?? now.steady else { return }
        begin(now, isKept: policy.keepsFresh, &effects)
    }

    mutating func begin(_ now: Moment, isKept: Bool, _ effects: inout Effects) {
        fetches += 1
        lastBegun = now.steady
        activity = .fetching(Fetch(number: fetches, sentAt: now, isKept: isKept || !mayAbandon))
        effects.begun = fetches
    }

    /// The failure is everybody's who waited for this fetch, and nobody repeats it before the pause is over.
    private mutating func fail(
        _ refusal: Refusal, retryAfter: Duration?, isFinal: Bool, now: Moment, chance: Double, _ effects: inout Effects
    ) {
        failures += 1
        let pause = policy.pause(after: failures, retryAfter: retryAfter, isFinal: isFinal, chance: chance)
        activity = .cooling(refusal, until: now.steady + pause)
        for waiter in waiters.removeAll(watchersToo: false) { effects.resumed.append((waiter, .refused(refusal, retryAfter: pause))) }
        effects.notices.append(.failed(refusal, pause: pause))
    }

    mutating func dropIfOver(_ now: Moment, _ effects: inout Effects) {
        guard let held, held.usable.isOver(at: now) else { return }
        self.held = nil
        effects.notices.append(.expired(held.number))
        waiters.wakeWatchers()
    }

    mutating func abandonIfUnwanted(_ effects: inout Effects) {
        guard let fetch = fetching, !fetch.isKept, waiters.wanting == 0 else { return }
        activity = .resting
        effects.abandoned = fetch.number
    }
}
