import Testing

@testable import TokenHTTP

/// The order of answers on a connection, decided without a connection.
@Suite struct ConnectionMachineTests {
    /// A whole request that the event loop could answer.
    private func fast(_ machine: inout ConnectionMachine) -> ConnectionMachine.HeadAction {
        let action = machine.receivedHead(canAnswer: machine.mayAnswer, closes: false, awaitsContinue: false)
        _ = machine.receivedEnd()
        return action
    }

    private func pass(_ machine: inout ConnectionMachine, closes: Bool = false, awaitsContinue: Bool = false) -> ConnectionMachine.HeadAction {
        machine.receivedHead(canAnswer: false, closes: closes, awaitsContinue: awaitsContinue)
    }

    @Test func anIdleConnectionIsAnsweredOnTheLoop() {
        var machine = ConnectionMachine()
        same(fast(&machine), .answer)
        same(fast(&machine), .answer)
    }

    @Test func nothingOvertakesAnUnansweredRequest() {
        var machine = ConnectionMachine()
        same(pass(&machine), .pass(continue: false))
        _ = machine.receivedEnd()
        #expect(!machine.mayAnswer)
        same(fast(&machine), .pass(continue: false))
        same(machine.sentEnd(), .nothing)
        #expect(!machine.mayAnswer, "the second request is unanswered still")
        same(machine.sentEnd(), .nothing)
        same(fast(&machine), .answer)
    }

    @Test func nothingIsReadAfterARequestThatCloses() {
        var machine = ConnectionMachine()
        same(pass(&machine, closes: true), .pass(continue: false))
        same(machine.receivedEnd(), .pass)
        same(pass(&machine), .drop)
        same(machine.receivedBody(), .drop)
        same(machine.receivedEnd(), .drop)
        same(machine.sendingHead(closes: false), true)
        same(machine.sentEnd(), .linger, "somebody is still talking")
    }

    @Test func whatFollowsTheLastRequestIsThrownAwayAndWaitedFor() {
        var machine = ConnectionMachine()
        same(machine.receivedBytes(), true)
        _ = pass(&machine, closes: true)
        same(machine.receivedBytes(), true, "its body")
        _ = machine.receivedEnd()
        same(machine.receivedBytes(), false)
        same(machine.sentEnd(), .linger, "closing at once would lose the answer")
    }

    @Test func continueWaitsForEarlierAnswers() {
        var machine = ConnectionMachine()
        _ = pass(&machine)
        _ = machine.receivedEnd()
        same(pass(&machine, awaitsContinue: true), .pass(continue: false))
        same(machine.sentEnd(), .sendContinue)
        same(machine.receivedBody(), .pass)
        _ = machine.receivedEnd()
        same(machine.sentEnd(), .nothing)
    }

    @Test func anAnswerBeforeTheBodyWasReadLingers() {
        var machine = ConnectionMachine()
        same(pass(&machine, awaitsContinue: false), .pass(continue: false))
        same(machine.receivedBody(), .pass)
        same(machine.sendingHead(closes: true), true)
        same(machine.sentEnd(), .linger)
    }

    @Test func brokenBytesAreAnsweredAfterWhatIsOwed() {
        var machine = ConnectionMachine()
        _ = pass(&machine)
        _ = machine.receivedEnd()
        same(machine.failed(), .nothing)
        same(machine.sendingHead(closes: false), false)
        same(machine.sentEnd(), .sendFarewell)
        var idle = ConnectionMachine()
        same(idle.failed(), .sendFarewell)
        same(idle.failed(), .nothing, "said once")
    }

    @Test func aBodyThatBreaksOffIsAnsweredAtOnce() {
        var machine = ConnectionMachine()
        _ = pass(&machine)
        _ = machine.receivedBody()
        same(machine.failed(), .sendFarewell)
    }

    @Test func whatFollowsAShortRequestWaitsForItsAnswer() {
        var machine = ConnectionMachine()
        same(short(&machine), .gather)
        same(machine.receivedBody(), .gather)
        #expect(!machine.isBusy, "more of it may come")
        same(machine.receivedEnd(), .begin)
        #expect(machine.isBusy && machine.owesAnswer && !machine.mayAnswer)
        same(machine.sendingHead(closes: false), false)
        same(machine.sentEnd(), .nothing)
        #expect(!machine.isBusy && machine.mayAnswer)
    }

    @Test func aShortRequestAfterAnUnansweredOneIsPassedOn() {
        var machine = ConnectionMachine()
        _ = pass(&machine)
        _ = machine.receivedEnd()
        same(short(&machine), .pass(continue: false))
        same(machine.receivedBody(), .pass)
        same(machine.receivedEnd(), .pass)
    }

    @Test func aShortRequestIsAnsweredBeforeTheConnectionEnds() {
        var stopped = ConnectionMachine()
        _ = short(&stopped)
        _ = stopped.receivedEnd()
        same(stopped.stop(), .nothing)
        same(stopped.sendingHead(closes: false), true, "the last answer says so")
        same(stopped.sentEnd(), .close)
        var broken = ConnectionMachine()
        _ = short(&broken)
        same(broken.failed(), .sendFarewell, "the rest of it never came")
    }

    private func short(_ machine: inout ConnectionMachine) -> ConnectionMachine.HeadAction {
        machine.receivedHead(canAnswer: false, isShort: true, closes: false, awaitsContinue: false)
    }

    @Test func shutdownClosesAnIdleConnectionAndWaitsForABusyOne() {
        var idle = ConnectionMachine()
        same(idle.stop(), .close)
        var busy = ConnectionMachine()
        _ = pass(&busy)
        _ = busy.receivedEnd()
        same(busy.stop(), .nothing)
        same(busy.sendingHead(closes: false), true, "the last answer says so")
        same(busy.sentEnd(), .close)
        var reading = ConnectionMachine()
        _ = reading.receivedHead(canAnswer: true, closes: false, awaitsContinue: false)
        same(reading.stop(), .nothing)
        same(reading.receivedEnd(), .answer)
        same(reading.answered(), .close)
    }
}

/// `#expect` of an expression that changes a variable.
private func same<Value: Equatable>(
    _ value: Value, _ wanted: Value, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(value == wanted, comment, sourceLocation: sourceLocation)
}
