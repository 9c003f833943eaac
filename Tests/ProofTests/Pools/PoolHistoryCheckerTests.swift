import Testing

/// The checker is believed because it catches what is planted, and because it lets pass what only looks wrong.
@Suite struct PoolHistoryCheckerTests {
    private let checker = PoolHistoryChecker(lifetime: .seconds(60), rest: .seconds(120), known: ["a", "b"], slack: .zero)
    private let first = PoolHold(token: "a", lease: 1)
    private let second = PoolHold(token: "a", lease: 2)

    private func operation(
        _ action: PoolOperation.Action, _ answer: PoolOperation.Answer, _ began: Int64, _ ended: Int64? = nil
    ) -> PoolOperation {
        let second: Int64 = 1_000_000_000
        return PoolOperation(
            action: action, answer: answer, began: Moment(nanoseconds: began * second), ended: Moment(nanoseconds: (ended ?? began + 1) * second))
    }
    private func assign(_ hold: PoolHold, _ began: Int64, _ ended: Int64? = nil) -> PoolOperation {
        operation(.assign, .assigned(hold), began, ended)
    }

    @Test func anHonestHistoryHasNoViolation() {
        let history = [
            assign(first, 0), operation(.keepAlive(first), .done, 50), operation(.unblock(first), .done, 100),
            operation(.unblock(first), .refused, 102), assign(second, 221), operation(.keepAlive(first), .refused, 230),
        ]
        #expect(checker.violations(in: history) == [])
    }

    @Test func twoHoldersAtOnceAreCaught() {
        #expect(checker.violations(in: [assign(first, 0), assign(second, 58)]) == [.heldTwice(first, second)])
    }

    @Test func aTokenThatLapsedMayBeAssigned() {
        #expect(checker.violations(in: [assign(first, 0), assign(second, 60)]) == [])
    }

    @Test func aSignOfLifeCountsFromWhenItWasSent() {
        let history = [assign(first, 0), operation(.keepAlive(first), .done, 30, 50)]
        #expect(checker.violations(in: history + [assign(second, 85, 89)]) == [.heldTwice(first, second)])
        #expect(checker.violations(in: history + [assign(second, 85, 90)]) == [])
    }

    @Test func aSignOfLifeWithoutAnAnswerPromisesNothing() {
        let history = [assign(first, 0), operation(.keepAlive(first), .unknown, 30), assign(second, 61)]
        #expect(checker.violations(in: history) == [])
    }

    @Test func aReleaseWithoutAnAnswerMayHaveEndedIt() {
        let history = [assign(first, 0), operation(.unblock(first), .unknown, 10), assign(second, 12)]
        #expect(checker.violations(in: history) == [])
    }

    @Test func whoeverGivesNoLeaseMayHaveEndedIt() {
        let history = [assign(first, 0), operation(.unblockWithoutLease(token: "a"), .done, 10), operation(.keepAlive(first), .refused, 12)]
        #expect(checker.violations(in: history) == [])
    }

    @Test func aHolderThatWasOvertakenMustBeRefused() {
        let late = operation(.unblock(first), .done, 70)
        #expect(checker.violations(in: [assign(first, 0), assign(second, 65, 66), late]).contains(.staleLeaseAccepted(late)))
    }

    @Test func aLeaseThatNeverWasMustBeRefused() {
        let lie = operation(.keepAlive(PoolHold(token: "a", lease: 0)), .done, 10)
        #expect(checker.violations(in: [assign(first, 0), lie]) == [.staleLeaseAccepted(lie)])
    }

    @Test func aHolderIsNotRefusedWhileItHolds() {
        let refused = operation(.keepAlive(first), .refused, 30)
        #expect(checker.violations(in: [assign(first, 0), refused]) == [.refusedWithoutCause(refused)])
    }

    @Test func aTokenThatDidNotRestIsCaught() {
        let history = [assign(first, 0), operation(.unblock(first), .done, 10)]
        #expect(checker.violations(in: history + [assign(second, 120, 129)]) == [.restForgotten(second)])
        #expect(checker.violations(in: history + [assign(second, 120, 130)]) == [])
    }

    @Test func leasesRiseAcrossTokens() {
        let other = PoolHold(token: "b", lease: 1)
        #expect(checker.violations(in: [assign(second, 0), assign(other, 2)]) == [.leaseDoesNotRise(other)])
        #expect(checker.violations(in: [assign(second, 0, 3), assign(other, 2)]) == [])
    }

    @Test func twoAssignmentsOfOneLeaseAreCaught() {
        let other = PoolHold(token: "b", lease: 1)
        #expect(checker.violations(in: [assign(first, 0, 3), assign(other, 1, 4)]) == [.leaseDoesNotRise(other)])
    }

    @Test func aTokenThatWasNeverPutInIsCaught() {
        let strange = PoolHold(token: "c", lease: 1)
        #expect(checker.violations(in: [assign(strange, 0)]) == [.invented(strange)])
    }
}
