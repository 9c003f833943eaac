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
        dropIfOver(now, &effects)
        let (usable, refreshAt) = shared.policy.plan(lifetime, sentAt: fetch.sentAt, now: now, chance: chance)
        if let refusal = refusal(of: usable, now) {
            fail(refusal, retryAfter: nil, isFinal: false, now: now, chance: chance, &effects)
            return effects
        }
        let new = Held(token: token(usable), number: number, since: now, usable: usable, refreshAt: refreshAt)
        if held != nil { rejections = 0 }
        held = new
        failures = 0
        activity = .resting
        effects.resume(waiters.removeAll(watchersToo: true), .token(new))
        effects.notices.append(.refreshed(new))
        return effects
    }

    /// A fetch that was under way when a caller found a token rejected brought that token. It is as good as no answer and not counted as a failure: the
    /// next fetch, which knows what is rejected, begins as soon as two fetches may follow one another.
    public mutating func broughtRejected(_ number: Number, now: Moment) -> Effects {
        var effects = Effects()
        guard let fetch = fetching, fetch.number == number else { return effects }
        dropIfOver(now, &effects)
        activity = .resting
        beginIfWanted(now, &effects)
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
        dropIfOver(now, &effects)
        if let fetch = fetching, now.steady >= timeout(of: fetch) {
            effects.abandoned = fetch.number
            fail(.timedOut, retryAfter: nil, isFinal: false, now: now, chance: chance, &effects)
        }
        effects.resume(waiters.due(at: now.steady), .deadline)
        abandonIfUnwanted(&effects)
        if keepsFresh, refreshIsDue(now) { begin(now, isKept: true, &effects) }
        beginIfWanted(now, &effects)
        return effects
    }

    /// When `wake` has something to do; nil if only a call can change anything.
    public var nextWake: MonotonicTime? {
        let end = keepsFresh || waiters.count > 0 ? held?.usable.steady : nil
        return [waiters.earliest, end, fetching.map(timeout), nextFetch].compactMap(\.self).min()
    }

    /// When the next fetch begins by itself; nil if one is under way, or only a call begins one.
    public var nextFetch: MonotonicTime? {
        if fetching != nil { return nil }
        if wantsFetch { return mayBeginAt }
        return keepsFresh ? nextRefresh : nil
    }

    /// When a call is needed to begin the next fetch while a token is served; nil if none is.
    public var nextFetchByCall: MonotonicTime? { keepsFresh || fetching != nil ? nil : nextRefresh }
}

extension UpstreamMachine {
    /// Whether fetches begin by themselves: on demand they do not.
    private var keepsFresh: Bool { shared.policy.keepsFresh && shared.policy.refresh != .onDemand }

    /// Whether a token is wanted that is not there.
    private var wantsFetch: Bool { held == nil && (waiters.wanting > 0 || (keepsFresh && isWanted)) }

    /// When the token that is served makes way for the next.
    private var nextRefresh: MonotonicTime? {
        guard let refreshAt = held?.refreshAt else { return nil }
        return max(refreshAt, mayBeginAt ?? refreshAt)
    }

    /// Before this no fetch begins; nil if one may at any time.
    private var mayBeginAt: MonotonicTime? {
        let spaced = lastBegun.map { $0 + shared.policy.spacing(after: rejections) }
        if case .cooling(_, let until) = activity { return max(until, spaced ?? until) }
        return spaced
    }

    func mayBegin(_ now: Moment) -> Bool { fetching == nil && now.steady >= mayBeginAt ?? now.steady }

    private func timeout(of fetch: Fetch) -> MonotonicTime { fetch.sentAt.steady + shared.policy.fetchTimeout }

    func refreshIsDue(_ now: Moment) -> Bool {
        guard let refreshAt = held?.refreshAt, now.steady >= refreshAt else { return false }
        return mayBegin(now)
    }

    mutating func beginIfWanted(_ now: Moment, _ effects: inout Effects) {
        guard wantsFetch, mayBegin(now) else { return }
        begin(now, isKept: keepsFresh, &effects)
    }

    mutating func begin(_ now: Moment, isKept: Bool, _ effects: inout Effects) {
        fetches += 1
        lastBegun = now.steady
        activity = .fetching(Fetch(number: fetches, sentAt: now, isKept: isKept || !mayAbandon))
        effects.begun = fetches
    }

    /// Why what came cannot take the place of what is there. A value that is made anew at a fixed interval always can.
    private func refusal(of usable: UsableUntil, _ now: Moment) -> Refusal? {
        if usable.isOver(at: now) { return .expiredOnArrival }
        if case .every = shared.policy.refresh { return nil }
        guard let end = held?.usable.steady, let newEnd = usable.steady else { return nil }
        return newEnd < end ? .outdated : nil
    }

    /// The failure is everybody's who waited for this fetch, and nobody repeats it before the pause is over.
    private mutating func fail(
        _ refusal: Refusal, retryAfter: Duration?, isFinal: Bool, now: Moment, chance: Double, _ effects: inout Effects
    ) {
        dropIfOver(now, &effects)
        failures += 1
        let pause = shared.policy.pause(after: failures, retryAfter: retryAfter, isFinal: isFinal, chance: chance)
        activity = .cooling(refusal, until: now.steady + pause)
        effects.resume(waiters.removeAll(watchersToo: false), .refused(refusal, retryAfter: pause))
        effects.notices.append(.failed(refusal, pause: pause))
    }

    mutating func dropIfOver(_ now: Moment, _ effects: inout Effects) {
        guard let held, held.usable.isOver(at: now) else { return }
        self.held = nil
        rejections = 0
        effects.notices.append(.expired(held.number))
        waiters.wakeWatchers()
    }

    mutating func abandonIfUnwanted(_ effects: inout Effects) {
        guard let fetch = fetching, !fetch.isKept, waiters.wanting == 0 else { return }
        activity = .resting
        effects.abandoned = fetch.number
    }
}

extension UpstreamMachine.Effects {
    mutating func resume(_ waiters: [UpstreamWaiter], _ outcome: UpstreamMachine.Outcome) {
        if !waiters.isEmpty { resumed.append((waiters, outcome)) }
    }
}
