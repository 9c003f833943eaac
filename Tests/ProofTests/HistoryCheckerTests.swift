import Testing

/// The checker is believed because it catches what is planted, and because it lets pass what only looks wrong.
@Suite struct HistoryCheckerTests {
    private var tape = Tape()

    @Test func anHonestHistoryHasNoViolation() {
        var tape = tape
        tape.login("s", "r0")
        tape.refresh("s", "r0", gives: "r1")
        tape.authenticate("s", .done)
        tape.refresh("s", "r1", gives: "r2")
        tape.add(.end(session: "s"), .done)
        tape.authenticate("s", .refused)
        tape.refuse("s", "r2")
        #expect(tape.violations() == [])
    }

    // Planted: the store forgot an acknowledged commit.

    @Test func aLostLoginIsCaught() {
        var tape = tape
        tape.login("s", "r0")
        let lost = tape.refuse("s", "r0")
        #expect(tape.violations() == [.refusedWithoutCause(lost)])
    }

    @Test func aLostRotationThatRefusesTheSuccessorIsCaught() {
        var tape = tape
        tape.login("s", "r0")
        tape.refresh("s", "r0", gives: "r1")
        let lost = tape.refuse("s", "r1")
        #expect(tape.violations() == [.refusedWithoutCause(lost)])
    }

    @Test func aLostRotationThatTakesTheOldTokenAgainIsCaught() {
        var tape = tape
        tape.login("s", "r0")
        tape.refresh("s", "r0", gives: "r1")
        tape.wait(.seconds(31))
        let again = tape.refresh("s", "r0", gives: "r1")
        #expect(tape.violations() == [.workedTwice(again)])
    }

    @Test(arguments: [Operation.Action.end(session: "s"), .endAll(subject: "1")]) func aLostLogoutIsCaught(_ order: Operation.Action) {
        var tape = tape
        tape.login("s", "r0")
        tape.add(order, .done)
        let access = tape.authenticate("s", .done)
        let refresh = tape.refresh("s", "r0", gives: "r1")
        #expect(tape.violations() == [.acceptedAfterItsEnd(access), .acceptedAfterItsEnd(refresh)])
    }

    @Test func aRefusalThatIsTakenBackIsCaught() {
        var tape = tape
        tape.login("s", "r0")
        tape.add(.end(session: "s"), .unknown)
        tape.authenticate("s", .refused)
        let back = tape.authenticate("s", .done)
        #expect(tape.violations() == [.acceptedAfterItsEnd(back)])
    }

    @Test func aSessionThatSurvivesItsReuseIsCaught() {
        var tape = tape
        tape.login("s", "r0")
        tape.refresh("s", "r0", gives: "r1")
        tape.refresh("s", "r1", gives: "r2")
        tape.refuse("s", "r0")
        let alive = tape.authenticate("s", .done)
        #expect(tape.violations() == [.acceptedAfterItsEnd(alive)])
    }

    // Planted: compare-and-swap ignored.

    @Test func twoSuccessorsOfOneTokenAreCaught() {
        var tape = tape
        tape.login("s", "r0")
        tape.refresh("s", "r0", gives: "r1")
        tape.refresh("s", "r0", gives: "r1'")
        #expect(tape.violations() == [.twoSuccessors(token: "r0")])
    }

    @Test func aTokenThatWorksTwiceWithoutGraceIsCaught() {
        var tape = tape
        tape.login("s", "r0")
        tape.refresh("s", "r0", gives: "r1")
        let again = tape.refresh("s", "r0", gives: "r1")
        #expect(tape.violations(grace: .zero) == [.workedTwice(again)])
        #expect(tape.violations(grace: .seconds(30)) == [])
    }

    @Test func aTokenThatWorksAfterItsSuccessorWasUsedIsCaught() {
        var tape = tape
        tape.login("s", "r0")
        tape.refresh("s", "r0", gives: "r1")
        tape.refresh("s", "r1", gives: "r2")
        let again = tape.refresh("s", "r0", gives: "r1")
        #expect(tape.violations() == [.workedTwice(again)])
    }

    // What only looks wrong.

    @Test func anOrderWithoutAnswerExcusesARefusalAndForbidsNothing() {
        var tape = tape
        tape.login("s", "r0")
        tape.add(.end(session: "s"), .unknown)
        tape.authenticate("s", .done)
        tape.refuse("s", "r0")
        #expect(tape.violations() == [])
    }

    @Test func aRefreshWithoutAnswerMayBeRetriedInsideTheGraceWindowOnly() {
        var tape = tape
        tape.login("s", "r0")
        tape.add(.refresh(token: "r0", session: "s"), .unknown)
        let retry = tape.refuse("s", "r0")
        #expect(tape.violations() == [.refusedWithoutCause(retry)])
        #expect(tape.violations(grace: .zero) == [])
    }

    @Test func aLoginWhileEverythingIsEndedMayFallOnEitherSide() {
        var tape = tape
        let began = tape.now
        tape.wait(.milliseconds(1))
        tape.add(.login(subject: "1"), .granted(session: "s", token: "r0"))
        tape.add(.endAll(subject: "1"), .done, began: began)
        #expect(tape.violations() == [])
        var other = tape
        tape.authenticate("s", .done)
        other.authenticate("s", .refused)
        #expect(tape.violations() == [])
        #expect(other.violations() == [])
    }

    @Test func aLoginAfterEverythingWasEndedLives() {
        var tape = tape
        tape.add(.endAll(subject: "1"), .done)
        tape.login("s", "r0")
        let lost = tape.authenticate("s", .refused)
        #expect(tape.violations() == [.refusedWithoutCause(lost)])
    }

    @Test func anEndOfOneSubjectIsNoneOfAnother() {
        var tape = tape
        tape.login("s", "r0")
        tape.add(.endAll(subject: "2"), .done)
        let lost = tape.authenticate("s", .refused)
        #expect(tape.violations() == [.refusedWithoutCause(lost)])
    }

    // Several instances on one store.

    @Test func anotherInstanceMayAcceptAnAccessTokenAsLongAsItMayBeStale() async throws {
        var tape = tape
        tape.login("s", "r0")
        tape.add(.end(session: "s"), .done, at: 0)
        tape.wait(.milliseconds(1_900))
        tape.add(.authenticate(session: "s"), .done, at: 1)
        #expect(tape.violations(staleness: .seconds(2)) == [])
        tape.wait(.milliseconds(200))
        let late = tape.add(.authenticate(session: "s"), .done, at: 1)
        #expect(tape.violations(staleness: .seconds(2)) == [.acceptedAfterItsEnd(late)])
    }

    @Test func theInstanceThatAcknowledgedAnEndAcceptsNothingAfterIt() async throws {
        var tape = tape
        tape.login("s", "r0")
        tape.add(.end(session: "s"), .done, at: 1)
        let own = tape.add(.authenticate(session: "s"), .done, at: 1)
        #expect(tape.violations(staleness: .seconds(2)) == [.acceptedAfterItsEnd(own)])
    }

    @Test func aRefusalBindsTheInstanceThatGaveIt() async throws {
        var tape = tape
        tape.login("s", "r0")
        tape.add(.end(session: "s"), .unknown, at: 0)
        tape.add(.authenticate(session: "s"), .refused, at: 0)
        tape.wait(.seconds(10))
        tape.add(.authenticate(session: "s"), .done, at: 1)
        tape.refresh("s", "r0", gives: "r1")
        #expect(tape.violations(staleness: .seconds(2)) == [], "whether it was ended is not known")
        let back = tape.add(.authenticate(session: "s"), .done, at: 0)
        #expect(tape.violations(staleness: .seconds(2)) == [.acceptedAfterItsEnd(back)])
    }

    @Test(arguments: [Operation.Action.end(session: "s"), .endAll(subject: "1")]) func noInstanceRefreshesWhatAnotherHasEnded(
        _ order: Operation.Action
    ) async throws {
        var tape = tape
        tape.login("s", "r0")
        tape.add(order, .done, at: 0)
        let refreshed = tape.add(.refresh(token: "r0", session: "s"), .granted(session: "s", token: "r1"), at: 1)
        #expect(tape.violations(staleness: .seconds(2)) == [.acceptedAfterItsEnd(refreshed)])
    }

    @Test func noInstanceRefreshesWhatAnotherFoundToBeReused() async throws {
        var tape = tape
        tape.login("s", "r0")
        tape.refresh("s", "r0", gives: "r1")
        tape.refresh("s", "r1", gives: "r2")
        tape.add(.refresh(token: "r0", session: "s"), .refused, at: 0)
        let refreshed = tape.add(.refresh(token: "r2", session: "s"), .granted(session: "s", token: "r3"), at: 1)
        #expect(tape.violations(staleness: .seconds(2)) == [.acceptedAfterItsEnd(refreshed)])
    }

    @Test func aRefusalBecauseOfAnOrderWithoutAnswerMayGoWithIt() async throws {
        var tape = tape
        tape.login("s", "r0")
        tape.add(.end(session: "s"), .unknown, at: 0)
        tape.add(.refresh(token: "r0", session: "s"), .refused, at: 1)
        tape.add(.refresh(token: "r0", session: "s"), .granted(session: "s", token: "r1"), at: 2)
        #expect(tape.violations(staleness: .seconds(2)) == [])
        #expect(tape.violations().count == 1, "one instance has one store, which forgets nothing")
    }

    @Test func whatBeganBeforeTheEndWasAcknowledgedMayStillSucceed() {
        var tape = tape
        tape.login("s", "r0")
        let began = tape.now
        tape.wait(.milliseconds(1))
        tape.add(.end(session: "s"), .done)
        tape.add(.refresh(token: "r0", session: "s"), .granted(session: "s", token: "r1"), began: began)
        #expect(tape.violations() == [])
        let alive = tape.refresh("s", "r1", gives: "r2")
        #expect(tape.violations() == [.acceptedAfterItsEnd(alive)])
    }
}

/// Writes a history one operation after the other, each a millisecond long unless told otherwise.
private struct Tape {
    private(set) var operations: [Operation] = []
    private(set) var now = Moment(nanoseconds: 0)

    mutating func wait(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        now = Moment(nanoseconds: now.nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    @discardableResult
    mutating func add(_ action: Operation.Action, _ answer: Operation.Answer, at place: Int = 0, began: Moment? = nil) -> Operation {
        let began = began ?? now
        wait(.milliseconds(1))
        let operation = Operation(action: action, answer: answer, place: place, began: began, ended: now)
        operations.append(operation)
        wait(.milliseconds(1))
        return operation
    }

    mutating func login(_ session: String, _ token: String) { add(.login(subject: "1"), .granted(session: session, token: token)) }

    @discardableResult
    mutating func refresh(_ session: String, _ token: String, gives next: String) -> Operation {
        add(.refresh(token: token, session: session), .granted(session: session, token: next))
    }

    @discardableResult
    mutating func refuse(_ session: String, _ token: String) -> Operation { add(.refresh(token: token, session: session), .refused) }

    @discardableResult
    mutating func authenticate(_ session: String, _ answer: Operation.Answer) -> Operation { add(.authenticate(session: session), answer) }

    func violations(grace: Duration = .seconds(30), staleness: Duration? = nil) -> Set<Violation> {
        HistoryChecker(grace: grace, staleness: staleness).violations(in: operations)
    }
}
