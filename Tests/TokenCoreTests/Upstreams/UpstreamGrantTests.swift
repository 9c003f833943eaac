import Testing
import TokenCore

@Suite struct UpstreamGrantTests {
    private let start = UnixTime(seconds: 1_790_000_000)
    private let one = UpstreamGrant.Holder(Array(repeating: 1, count: 16))
    private let two = UpstreamGrant.Holder(Array(repeating: 2, count: 16))

    private func secret(_ text: String) -> Secret { Secret(Array(text.utf8)) }
    private func issued(_ text: String, _ lifetime: TokenLifetime = .lasting(.seconds(100)), refresh: String? = nil) -> UpstreamGrant.Issued {
        .init(token: secret(text), type: "Bearer", scope: nil, lifetime: lifetime, refreshToken: refresh.map(secret))
    }
    private func published(_ text: String) -> UpstreamGrant {
        var grant = UpstreamGrant()
        let turn = grant.take(one, for: .seconds(10), first: nil, rejected: nil, now: start)
        hold(grant.fetched(issued(text), turn, fallback: .seconds(300)))
        return grant
    }
    private func ask(_ after: Int64, held: String? = nil, rejected: String? = nil) -> UpstreamGrant.Ask {
        var ask = UpstreamGrant.Ask(now: start + .seconds(after))
        ask.held = held.map { (secret($0), nil) }
        ask.rejected = rejected.map(secret)
        return ask
    }
    private func isUse(_ step: UpstreamGrant.Step) -> Bool { if case .use = step { true } else { false } }
    private func isTake(_ step: UpstreamGrant.Step) -> Bool { if case .take = step { true } else { false } }

    @Test func whoHasNothingTakesWhatIsPublished() { #expect(isUse(published("a").look(ask(50)))) }

    @Test func whoHasThatTokenAlreadyFetchesTheNext() { #expect(isTake(published("a").look(ask(50, held: "a")))) }

    @Test func whoHasAnOlderOneTakesWhatIsPublished() { #expect(isUse(published("b").look(ask(50, held: "a")))) }

    @Test func aTokenThatWasJustPublishedIsNotFetchedAgain() {
        #expect(isUse(published("a").look(ask(4, held: "a"))))
        #expect(isTake(published("a").look(ask(6, held: "a"))))
    }

    @Test func aTokenThatWasFetchedWithoutTheVaultIsNotReplacedByAnOlderOne() {
        var ask = ask(50)
        ask.held = (secret("own"), start + .seconds(40))
        #expect(isTake(published("a").look(ask)))
        ask.held = (secret("own"), start - .seconds(40))
        #expect(isUse(published("a").look(ask)))
    }

    @Test func aRejectedTokenIsNotPublishedAnyMore() {
        var grant = published("a")
        #expect(isTake(grant.look(ask(1, rejected: "a"))))
        _ = grant.take(two, for: .seconds(10), first: nil, rejected: secret("a"), now: start + .seconds(1))
        #expect(!isUse(grant.look(ask(2))))
    }

    @Test func anExpiredTokenIsNotHandedOut() {
        #expect(isUse(published("a").look(ask(94))))
        #expect(isTake(published("a").look(ask(95))), "five seconds before its end it is of no use to a manager")
        #expect(isTake(published("a").look(ask(-6))), "the clock was set back")
    }

    @Test func oneFetchesAndTheOthersWaitUntilItsLeaseEnds() {
        var grant = UpstreamGrant()
        _ = grant.take(one, for: .seconds(10), first: nil, rejected: nil, now: start)
        if case .wait(let lease) = grant.look(ask(9)) { #expect(lease.holder == one) } else { Issue.record("it does not wait") }
        #expect(isTake(grant.look(ask(10))))
    }

    @Test func aLeaseThatTheVaultsClockNeverEndsIsOutwaited() {
        var grant = UpstreamGrant()
        let turn = grant.take(one, for: .seconds(10), first: nil, rejected: nil, now: start)
        var ask = ask(-3600)
        #expect(!isTake(grant.look(ask)))
        ask.outwaited = turn.fence
        #expect(isTake(grant.look(ask)))
    }

    @Test func aHolderThatLostItsLeasePublishesNothing() {
        var grant = UpstreamGrant()
        let first = grant.take(one, for: .seconds(10), first: nil, rejected: nil, now: start)
        let second = grant.take(two, for: .seconds(10), first: nil, rejected: nil, now: start + .seconds(11))
        hold(!grant.fetched(issued("late"), first, fallback: .seconds(300)))
        #expect(grant.published == nil)
        hold(grant.fetched(issued("new"), second, fallback: .seconds(300)))
        hold(!grant.fetched(issued("later"), first, fallback: .seconds(300)))
        #expect(grant.published?.token.bytes == Array("new".utf8))
    }

    @Test func aTokensLifetimeBeginsWithTheLease() {
        #expect(published("a").published?.until == start + .seconds(100))
        var grant = UpstreamGrant()
        let turn = grant.take(one, for: .seconds(10), first: nil, rejected: nil, now: start)
        hold(grant.fetched(issued("a", .unstated), turn, fallback: .seconds(300)))
        #expect(grant.published?.until == start + .seconds(300))
    }

    @Test func aFailureIsEverybodysForAWhileAndATokenIsServedMeanwhile() {
        var grant = published("a")
        let turn = grant.take(one, for: .seconds(10), first: nil, rejected: nil, now: start + .seconds(80))
        let sharing = UpstreamGrant.Sharing(reason: [1], retryAfter: .seconds(5), isFinal: false, chance: 0)
        hold(grant.failed(turn, .stands, sharing: sharing, now: start + .seconds(81)) == nil)
        if case .failed(let failure) = grant.look(ask(82, held: "a")) { #expect(failure.reason == [1]) } else { Issue.record("no failure") }
        #expect(isUse(grant.look(ask(82))))
        #expect(isTake(grant.look(ask(86, held: "a"))))
    }

    @Test func aFailureOfOneProcessAloneHoldsUpNobody() {
        var grant = UpstreamGrant()
        let turn = grant.take(one, for: .seconds(10), first: nil, rejected: nil, now: start)
        _ = grant.failed(turn, .stands, sharing: nil, now: start + .seconds(1))
        #expect(isTake(grant.look(ask(1))))
    }

    @Test func aRotationThatWasCutIsTriedOnceMoreAndItsLossIsDated() {
        var grant = UpstreamGrant()
        let cut = grant.take(one, for: .seconds(10), first: secret("r0"), rejected: nil, now: start)
        #expect(cut.refreshToken?.bytes == Array("r0".utf8))
        let again = grant.take(two, for: .seconds(10), first: secret("r0"), rejected: nil, now: start + .seconds(11))
        #expect(again.refreshToken?.bytes == Array("r0".utf8))
        let loss = grant.failed(again, .refused, sharing: nil, now: start + .seconds(12))
        #expect(loss?.began == start && loss?.noticed == start + .seconds(12))
        if case .lost = grant.look(ask(13)) {} else { Issue.record("it is tried again") }
    }

    @Test func aLateAnswerBringsALostGrantBack() throws {
        var grant = UpstreamGrant()
        let paused = grant.take(one, for: .seconds(10), first: secret("r0"), rejected: nil, now: start)
        let again = grant.take(two, for: .seconds(10), first: secret("r0"), rejected: nil, now: start + .seconds(11))
        hold(grant.failed(again, .refused, sharing: nil, now: start + .seconds(12)) != nil)
        hold(grant.answered(secret("raw"), paused))
        guard case .read(let answer) = grant.look(ask(13)) else { throw Missing() }
        hold(grant.read(answer, issued("a", refresh: "r1"), fallback: .seconds(300)))
        #expect(grant.loss == nil && grant.line?.token.bytes == Array("r1".utf8))
    }

    @Test func aRefusalOfSomethingElseLeavesTheRefreshTokenAlone() {
        var grant = UpstreamGrant()
        let turn = grant.take(one, for: .seconds(10), first: secret("r0"), rejected: nil, now: start)
        _ = grant.failed(turn, .stands, sharing: nil, now: start + .seconds(1))
        #expect(grant.exchange == nil && grant.line?.doubt == nil)
        let next = grant.take(one, for: .seconds(10), first: secret("r0"), rejected: nil, now: start + .seconds(2))
        hold(grant.failed(next, .refused, sharing: nil, now: start + .seconds(3)) == nil, "nothing was cut: it was revoked")
    }

    @Test func anAnswerThatCannotBeReadIsKept() throws {
        var grant = UpstreamGrant()
        let turn = grant.take(one, for: .seconds(10), first: secret("r0"), rejected: nil, now: start)
        hold(grant.answered(secret("garbage"), turn))
        guard case .read(let answer) = grant.look(ask(1)) else { throw Missing() }
        grant.unreadable(answer, sharing: .init(reason: [2], retryAfter: nil, isFinal: false, chance: 0), now: start + .seconds(1))
        var again = ask(10)
        again.unreadable = answer.fence
        #expect(isTake(grant.look(again)))
        let retry = grant.take(two, for: .seconds(10), first: secret("r0"), rejected: nil, now: start + .seconds(10))
        hold(grant.failed(retry, .refused, sharing: nil, now: start + .seconds(11))?.began == start)
        #expect(grant.exchange?.answer?.bytes.bytes == Array("garbage".utf8))
    }

    @Test func whatIsStoredIsReadBackAndDamageIsNoticed() throws {
        var grant = published("a")
        let turn = grant.take(two, for: .seconds(10), first: secret("r0"), rejected: nil, now: start + .seconds(50))
        hold(grant.answered(secret("raw"), turn))
        let bytes = grant.encoded().bytes
        #expect(try UpstreamGrant(Secret(bytes)).encoded().bytes == bytes)
        for length in bytes.indices {
            #expect(throws: StoreError.self) { try UpstreamGrant(Secret(Array(bytes.prefix(length)))) }
        }
    }

    private struct Missing: Error {}
}

/// `#expect` cannot change what it looks at.
private func hold(_ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, comment, sourceLocation: sourceLocation)
}
