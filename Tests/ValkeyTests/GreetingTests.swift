import NIOCore
import Testing

@testable import Valkey

/// The first words, with every answer that servers have for them.
@Suite("Greeting")
struct GreetingTests {
    private let wish = Greeting.Wish(authentication: .init(username: "u", password: "p"), database: 2, clientName: "n")

    private func sent(_ action: Greeting.Action) -> String? { if case .send(let bytes) = action { bytes.text } else { nil } }

    @Test func helloSettlesVersionUserAndName() {
        var greeting = Greeting(wish)
        #expect(sent(greeting.start()) == "*7|$5|HELLO|$1|3|$4|AUTH|$1|u|$1|p|$7|SETNAME|$1|n|")
        #expect(sent(greeting.received(reply("%0|"))) == "*2|$6|SELECT|$1|2|")
        #expect(greeting.received(reply("+OK|")) == .ready(.resp3))
    }

    @Test(arguments: ["NOPERM no permission", "NOPROTO sorry", "ERR unknown command 'HELLO'"])
    func aRefusedHelloFallsBackToRESP2(refused: String) {
        var greeting = Greeting(wish)
        _ = greeting.start()
        #expect(sent(greeting.received(refusal(refused))) == "*3|$4|AUTH|$1|u|$1|p|")
        #expect(sent(greeting.received(reply("+OK|"))) == "*2|$6|SELECT|$1|2|")
        #expect(greeting.received(reply("+OK|")) == .ready(.resp2))
        var plain = Greeting(.init())
        _ = plain.start()
        #expect(plain.received(refusal(refused)) == .ready(.resp2))
    }

    @Test(arguments: ["WRONGPASS invalid", "NOAUTH HELLO must be called with the client already authenticated"])
    func aRefusedUserIsNoReasonToFallBack(refused: String) {
        var greeting = Greeting(wish)
        _ = greeting.start()
        #expect(greeting.received(refusal(refused)) == .fail(.authenticationFailed, refused))
    }

    @Test func aRefusedUserOrDatabaseOfRESP2IsSaid() {
        var greeting = Greeting(wish)
        _ = [greeting.start(), greeting.received(refusal("NOPERM"))]
        var second = greeting
        #expect(greeting.received(refusal("WRONGPASS no")) == .fail(.authenticationFailed, "WRONGPASS no"))
        _ = second.received(reply("+OK|"))
        #expect(second.received(refusal("ERR DB index is out of range")) == .fail(.greetingRefused, "ERR DB index is out of range"))
    }
}

extension GreetingTests {
    @Test(arguments: ["LOADING the dataset", "ERR max number of clients reached", "BUSY running a script"])
    func whatPassesByItselfIsAFailureToConnect(refused: String) {
        var greeting = Greeting(wish)
        _ = greeting.start()
        #expect(greeting.received(refusal(refused)) == .fail(.connectionFailed, refused))
    }
}

/// When a slot connects anew.
@Suite("Reconnecting")
struct ReconnectMachineTests {
    private let backOff = BackOff(first: .milliseconds(50), most: .seconds(2))

    @Test func waitsDoubleUpToTheMostAndVaryByHalf() {
        #expect((1...8).map { backOff.wait(failures: $0, chance: 1) } == [50, 100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
        #expect(backOff.wait(failures: 2, chance: 0) == .milliseconds(50))
        #expect(backOff.wait(failures: .max, chance: 0.5) == .milliseconds(1500))
    }

    @Test func failuresCountUntilAConnectionIsGreeted() {
        var machine = ReconnectMachine(backOff: backOff)
        #expect([machine.wanted(), machine.wanted()] == [true, false])
        #expect(machine.closed(chance: 1) == .milliseconds(50))
        #expect(machine.closed(chance: 1) == nil, "one end is one failure")
        #expect([machine.waited(), machine.waited()] == [true, false])
        #expect(machine.closed(chance: 1) == .milliseconds(100))
        _ = machine.waited()
        machine.ready()
        #expect(machine.closed(chance: 1) == .milliseconds(50))
    }

    @Test func nothingConnectsAfterTheEnd() {
        var machine = ReconnectMachine(backOff: backOff)
        _ = machine.wanted()
        machine.stop()
        #expect(machine.closed(chance: 1) == nil)
        #expect([machine.waited(), machine.wanted()] == [false, false])
        machine.ready()
        #expect(machine.state == .stopped)
    }
}

/// Connections that one task has to itself.
@Suite("Leases")
struct LeaseMachineTests {
    private func word(_ grant: LeaseMachine<Int, String>.Grant) -> String { "\(grant)" }

    @Test func connectionsAreOpenedLentAndUsedAgainUpToTheMost() {
        var machine = LeaseMachine<Int, String>(most: 2, mostWaiting: 1)
        let grants = [1, 2, 3, 4].map { word(machine.lease($0, "w\($0)")) }
        #expect(grants == ["open", "open", "wait", "refuse(Valkey.ValkeyClientError.ErrorCode.overloaded)"])
        #expect("\(machine.giveBack(10, isUsable: true))" == "hand(10, to: \"w3\")")
        #expect("\(machine.giveBack(10, isUsable: true))" == "keep")
        #expect(word(machine.lease(5, "w5")) == "use(10)")
        #expect(machine.opened == 2)
    }

    @Test func aBrokenConnectionMakesRoomForAnother() {
        var machine = LeaseMachine<Int, String>(most: 1, mostWaiting: 1)
        _ = [machine.lease(1, "w1"), machine.lease(2, "w2")]
        #expect("\(machine.giveBack(10, isUsable: false))" == "openFor(\"w2\")")
        #expect("\(machine.giveBack(11, isUsable: false))" == "close")
        #expect(machine.opened == 0)
        #expect(word(machine.lease(3, "w3")) == "open")
    }

    @Test func whoNoLongerWaitsGetsNothing() {
        var machine = LeaseMachine<Int, String>(most: 1, mostWaiting: 2)
        _ = [machine.lease(1, "w1"), machine.lease(2, "w2")]
        #expect([machine.cancel(2), machine.cancel(2)] == ["w2", nil])
        #expect("\(machine.giveBack(10, isUsable: true))" == "keep")
    }

    @Test func afterTheEndWhatComesBackIsClosed() {
        var machine = LeaseMachine<Int, String>(most: 2, mostWaiting: 2)
        _ = [machine.lease(1, "w1"), machine.lease(2, "w2"), machine.lease(3, "w3")]
        #expect(machine.close().waiting == ["w3"])
        #expect("\(machine.giveBack(10, isUsable: true))" == "close")
        #expect(word(machine.lease(4, "w4")).contains("clientIsShutDown"))
    }
}
