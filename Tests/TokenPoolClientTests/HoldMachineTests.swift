import Testing

@testable import TokenPoolClient

/// When a sign of life is sent, and when the work must stop: with the time as a value.
@Suite struct HoldMachineTests {
    private let start = ContinuousClock.now
    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }
    private func machine(margin: Duration = .seconds(2)) -> HoldMachine {
        HoldMachine(lifetime: .seconds(60), sentAt: start, margin: margin)
    }

    @Test func theFirstSignOfLifeIsDueAfterAThirdOfTheLifetime() {
        #expect(machine().step() == .keepAlive(at: at(20)))
    }

    @Test func anAnswerCountsFromWhenItWasAskedFor() {
        var machine = machine()
        machine.keptAlive(.seconds(60), sentAt: at(20))
        #expect(machine.end == at(80))
        #expect(machine.step() == .keepAlive(at: at(40)))
    }

    @Test func withoutAnAnswerTheWorkStopsBeforeTheServerCouldAssignTheTokenAgain() {
        var machine = machine()
        var moment = at(20)
        var asked = 0
        while case .keepAlive(let next) = machine.step() {
            #expect(next >= moment && next < at(58))
            moment = next
            asked += 1
            machine.failed(at: moment)
        }
        #expect(machine.step() == .stop(at: at(58)))
        #expect((5...12).contains(asked), "asked \(asked) times in 38 s")
    }

    @Test func anAnswerAfterFailuresBeginsAnew() {
        var machine = machine()
        for _ in 0..<5 { machine.failed(at: at(30)) }
        machine.keptAlive(.seconds(60), sentAt: at(31))
        #expect(machine.step() == .keepAlive(at: at(51)))
        machine.failed(at: at(51))
        #expect(machine.step() == .keepAlive(at: at(51) + .milliseconds(100)))
    }

    @Test func atTheLongestHoldNothingMoreIsAskedFor() {
        var machine = machine()
        // Asked at 20 s, the server gives 40 s and not 60: it will not give more.
        machine.keptAlive(.seconds(40), sentAt: at(20))
        #expect(machine.step() == .stop(at: at(58)))
    }

    @Test func whatIsLostStopsAtOnce() {
        var machine = machine()
        machine.lost(at: at(21))
        #expect(machine.end == at(21))
        #expect(machine.step() == .stop(at: at(19)))
    }

    @Test func theMarginIsAtMostAQuarterOfTheLifetime() {
        let machine = HoldMachine(lifetime: .seconds(2), sentAt: start, margin: .seconds(10))
        #expect(machine.stopBy == at(1.5))
    }

    @Test func aLateAnswerNeverShortensWhatWasPromised() {
        var machine = machine()
        machine.keptAlive(.seconds(60), sentAt: at(30))
        machine.keptAlive(.seconds(60), sentAt: at(25))
        #expect(machine.end == at(90))
    }
}
