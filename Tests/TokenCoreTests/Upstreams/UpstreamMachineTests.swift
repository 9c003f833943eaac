import Testing

@testable import TokenCore

/// Single moments that the walk passes by, in the words of the rule.
struct UpstreamMachineTests {
    typealias Machine = UpstreamMachine<String, String>

    @Test func anAnswerThatEndsSoonerReplacesNothingAndIsAskedForLess() {
        var machine = machine()
        machine.bring("first", .lasting(.seconds(1000)), at: 0)
        let token = machine.bring("cached", .lasting(.seconds(150)), at: 800)
        #expect(token == "first")
        #expect(machine.failures == 1)
        #expect(machine.lastRefusal.map { if case .outdated = $0 { true } else { false } } == true)
        #expect(machine.nextFetch.map { $0 > at(800).steady } == true)
        #expect(machine.bring("third", .lasting(.seconds(1000)), at: 802) == "third")
    }

    @Test func aValueMadeAtAnIntervalReplacesAnotherWhateverItsEnd() {
        var machine = machine(.every(.seconds(60)))
        machine.bring("first", .unlimited, at: 0)
        machine.bring("second", .lasting(.seconds(500)), at: 60)
        #expect(machine.bring("third", .lasting(.seconds(70)), at: 120) == "third")
    }

    @Test func tokensThatAreRejectedOneAfterAnotherAreFetchedFurtherAndFurtherApart() {
        var machine = machine()
        var time = 0.0
        var gaps: [Double] = []
        for _ in 0..<12 {
            machine.bring("token", .lasting(.seconds(3600)), at: time)
            let begun = time
            _ = machine.invalidate(machine.fetches, now: at(time))
            time = max(time, Double(machine.nextFetch?.microseconds ?? 0) / 1e6)
            gaps.append(time - begun)
            _ = machine.wake(now: at(time), chance: 0)
        }
        #expect(gaps.first == 0.1)
        #expect(zip(gaps, gaps.dropFirst()).allSatisfy { $0 <= $1 + 1e-6 })
        #expect(gaps.last.map { abs($0 - 60) < 1e-3 } == true)
    }

    @Test func aFetchThatBringsWhatWasRejectedMeanwhileIsMadeOnceMore() {
        var machine = machine()
        machine.bring("token", .lasting(.seconds(1000)), at: 0)
        #expect(machine.wake(now: at(900), chance: 0).begun == 2)
        #expect(machine.invalidate(1, now: at(901)).effects.begun == nil, "one is under way")
        let effects = machine.broughtRejected(2, now: at(902))
        #expect(effects.begun == 3 && machine.held == nil && machine.failures == 0)
        #expect(machine.broughtRejected(2, now: at(903)).begun == nil, "its answer has been heard")
        #expect(machine.isFetching)
    }

    @Test func oneRejectionAfterALongTimeIsNoReasonToWait() {
        var machine = machine()
        machine.bring("token", .lasting(.seconds(3600)), at: 0)
        #expect(machine.invalidate(1, now: at(100)).effects.begun == 2)
    }

    @Test func aNumberOfAnotherLifeIsAnsweredWithWhatThereIs() {
        var machine = machine()
        machine.bring("token", .lasting(.seconds(3600)), at: 0)
        let (outcome, _) = machine.get(Machine.Waiter(9), newerThan: 77, deadline: at(100).steady, now: at(1))
        #expect(outcome.map { if case .token(let held) = $0 { held.token == "token" } else { false } } == true)
    }

    @Test func whoWaitsForANewerTokenIsServedWhenTheOldOneEnds() {
        var machine = machine(.ahead(at: 0.8, jitter: 0), keepsFresh: false)
        machine.bring("token", .lasting(.seconds(100)), at: 0)
        #expect(machine.get(Machine.Waiter(9), newerThan: 1, deadline: at(1000).steady, now: at(1)).outcome == nil)
        #expect(machine.nextWake == at(95).steady)
        #expect(machine.wake(now: at(95), chance: 0).begun == 2)
    }

    @Test(arguments: [true, false]) func startBeginsAFetchThatNobodyWaitsFor(keepsFresh: Bool) {
        var machine = machine(.ahead(at: 0.8, jitter: 0), keepsFresh: keepsFresh)
        #expect(machine.start(now: at(0)).begun == 1)
        #expect(machine.cancel(Machine.Waiter(1), now: at(0)).abandoned == nil)
        #expect(machine.isFetching)
    }

    @Test func onDemandNothingIsFetchedUntilSomebodyAsks() {
        var machine = machine(.onDemand)
        machine.bring("token", .lasting(.seconds(100)), at: 0)
        #expect(machine.nextWake == nil)
        #expect(machine.wake(now: at(200), chance: 0).begun == nil)
        #expect(machine.get(Machine.Waiter(9), deadline: at(300).steady, now: at(201)).effects.begun == 2)
    }

    @Test func aLifetimeThatIsNotStatedIsThePolicysFallback() {
        let policy = UpstreamPolicy()
        let (usable, refreshAt) = policy.plan(.unstated, sentAt: at(0), now: at(1), chance: 0)
        #expect(usable.steady == at(295).steady)
        #expect(refreshAt == at(240).steady)
    }

    @Test(arguments: [0.05, 0.5, 1, 9, 60, 3600, 1e6]) func theNextIsFetchedBeforeTheEndAndTheEndBeforeTheIssuers(lifetime: Double) throws {
        var policy = UpstreamPolicy()
        for share in [0, 0.8, 0.95, 7] {
            policy.refresh = .ahead(at: share, jitter: 0.1)
            for chance in [0, 0.5, 0.999] {
                let (usable, refreshAt) = policy.plan(.lasting(.seconds(lifetime)), sentAt: at(0), now: at(0), chance: chance)
                let end = try #require(usable.steady)
                #expect(try #require(refreshAt) <= end)
                #expect(end < at(lifetime).steady && end - at(0).steady >= .seconds(lifetime) * 0.9 - .milliseconds(1))
            }
        }
    }

    @Test func pausesDoubleUpToTheLongestAndRetryAfterIsHonoured() {
        let policy = UpstreamPolicy()
        let pauses = (1...10).map { policy.pause(after: $0, retryAfter: nil, isFinal: false, chance: 1) }
        #expect(Array(pauses.prefix(7)) == [1, 2, 4, 8, 16, 32, 60].map { Duration.seconds($0) })
        #expect(pauses.last == .seconds(60))
        #expect(policy.pause(after: 1, retryAfter: nil, isFinal: false, chance: 0) == .milliseconds(500))
        #expect(policy.pause(after: 1, retryAfter: .seconds(120), isFinal: false, chance: 0) == .seconds(120))
        #expect(policy.pause(after: 1, retryAfter: .seconds(1_000_000), isFinal: false, chance: 0) == .seconds(3600))
        #expect(policy.pause(after: 1, retryAfter: nil, isFinal: true, chance: 1) == .seconds(60))
    }

    private func machine(_ refresh: UpstreamPolicy.Refresh = .ahead(at: 0.8, jitter: 0), keepsFresh: Bool = true) -> Machine {
        var policy = UpstreamPolicy()
        policy.refresh = refresh
        policy.keepsFresh = keepsFresh
        return Machine(policy: policy)
    }
}

private func at(_ seconds: Double) -> Moment {
    Moment(wall: UnixTime(milliseconds: 1_000_000_000 + Int64(seconds * 1000)), steady: MonotonicTime(microseconds: Int64(seconds * 1e6)))
}

extension UpstreamMachine<String, String> {
    /// A fetch is begun at a time, by whatever is due then, and brings a token at once.
    ///
    /// - Returns: the token that is served now.
    @discardableResult fileprivate mutating func bring(_ value: String, _ lifetime: TokenLifetime, at seconds: Double) -> String? {
        let now = at(seconds)
        if !isFetching { _ = wake(now: now, chance: 0) }
        if !isFetching { _ = get(Waiter(1), deadline: now.steady + .seconds(1), now: now) }
        _ = fetched(fetches, lifetime, now: now, chance: 0) { _ in value }
        return held?.token
    }
}
