import NIOCore
import Testing

@testable import Valkey

/// A connection, driven by hand: waiters are names.
@Suite("One connection")
struct ConnectionMachineTests {
    private typealias Machine = ConnectionMachine<String>

    private func ready(_ bounds: Machine.Bounds = .init(), resp2: Bool = false) -> Machine {
        var machine = Machine(greeting: .init(triesRESP3: !resp2), bounds: bounds)
        _ = machine.connected(now: .at(0))
        if !resp2 { _ = machine.received(reply("%0|"), now: .at(0)) }
        #expect(machine.isReady)
        return machine
    }

    private func entry(
        _ id: UInt64, _ text: String = "x", replies: Int = 1, deadline: Int64 = 1000, isBlocking: Bool = false, confirmation: PushKind? = nil
    ) -> Machine.Entry {
        .init(
            id: id, waiter: "w\(id)", bytes: ByteBuffer(string: text), replies: replies, deadline: .at(deadline), isBlocking: isBlocking,
            confirmation: confirmation)
    }

    /// What an action means, in a word.
    private func word(_ action: Machine.ReceiveAction) -> String {
        switch action {
        case .nothing: "nothing"
        case .send(let bytes): "send \(bytes.text)"
        case .ready: "ready"
        case .resume(let waiter, let replies): "resume \(waiter) \(replies.map(\.description).joined(separator: " "))"
        case .push(let token): "push \(token)"
        case .close(let error): "close \(error.errorCode)"
        }
    }

    @Test func commandsQueueUntilTheServerIsGreeted() {
        var machine = Machine()
        #expect(machine.submit(entry(1, "a")) == .wait)
        #expect(machine.flush(isWritable: true, now: .at(0)) == nil)
        #expect(word(machine.connected(now: .at(0))) == "send *2|$5|HELLO|$1|3|")
        #expect(machine.submit(entry(2, "b")) == .wait)
        #expect(word(machine.received(reply("%0|"), now: .at(1))) == "ready")
        #expect(machine.flush(isWritable: true, now: .at(1))?.text == "ab")
    }

    @Test func whatWaitsLeavesInOnePieceWithOneFlush() {
        var machine = ready()
        #expect(machine.submit(entry(1, "a")) == .flush)
        #expect(machine.submit(entry(2, "b")) == .wait)
        #expect(machine.flush(isWritable: false, now: .at(0)) == nil)
        #expect(machine.submit(entry(3, "c")) == .flush)
        #expect(machine.flush(isWritable: true, now: .at(0))?.text == "abc")
        #expect(machine.flush(isWritable: true, now: .at(0)) == nil)
    }

    @Test func withEnoughOnTheirWayTheNextWaitForReplies() {
        var machine = ready()
        for id in 1...8 as ClosedRange<UInt64> { _ = machine.submit(entry(id)) }
        #expect(machine.flush(isWritable: true, now: .at(0))?.text == "xxxxxxxx")
        #expect(machine.submit(entry(9, "a")) == .wait)
        #expect(machine.submit(entry(10, "b")) == .wait)
        #expect(!machine.hasMore)
        #expect(word(machine.received(reply(":1|"), now: .at(1))) == "resume w1 1")
        #expect(machine.hasMore)
        #expect(machine.flush(isWritable: true, now: .at(1))?.text == "ab")
        #expect(!machine.hasMore)
    }

    @Test func aConnectionThatEndsStillSendsWhatWaitsForReplies() {
        var machine = ready()
        for id in 1...8 as ClosedRange<UInt64> { _ = machine.submit(entry(id)) }
        _ = machine.flush(isWritable: true, now: .at(0))
        #expect(machine.submit(entry(9, "a")) == .wait)
        let closesAtOnce = machine.end()
        #expect(!closesAtOnce)
        _ = machine.received(reply(":1|"), now: .at(1))
        #expect(machine.hasMore)
        #expect(machine.flush(isWritable: true, now: .at(1))?.text == "a")
    }

    @Test func repliesMeetTheirCommandsInOrder() {
        var machine = ready()
        _ = [machine.submit(entry(1)), machine.submit(entry(2, replies: 2)), machine.submit(entry(3))]
        _ = machine.flush(isWritable: true, now: .at(0))
        let words = [":1|", ":2|", ":3|", ":4|"].map { word(machine.received(reply($0), now: .at(1))) }
        #expect(words == ["resume w1 1", "nothing", "resume w2 2 3", "resume w3 4"])
        #expect(machine.load == 0)
        #expect(word(machine.received(reply(":5|"), now: .at(1))) == "close respParsingError")
    }

    @Test func whoNoLongerWaitsLeavesHisPlaceBehind() throws {
        var machine = ready()
        _ = [machine.submit(entry(1)), machine.submit(entry(2))]
        _ = machine.flush(isWritable: true, now: .at(0))
        let first = machine.cancel(1)
        let cancelled = try #require(first)
        #expect(cancelled.waiter == "w1" && cancelled.wasSent && !cancelled.isStuck)
        let second = machine.cancel(1)
        #expect(second == nil)
        #expect(word(machine.received(reply(":1|"), now: .at(1))) == "nothing")
        #expect(word(machine.received(reply(":2|"), now: .at(1))) == "resume w2 2")
    }

    @Test func whatIsCancelledBeforeItLeavesNeverLeaves() throws {
        var machine = ready()
        _ = [machine.submit(entry(1, "a")), machine.submit(entry(2, "b"))]
        let first = machine.cancel(1)
        let cancelled = try #require(first)
        #expect(!cancelled.wasSent)
        #expect(machine.flush(isWritable: true, now: .at(0))?.text == "b")
        #expect(machine.load == 1)
    }

    @Test func cancellingABlockingCommandEndsItsConnection() {
        var machine = ready()
        _ = machine.submit(entry(1, isBlocking: true))
        _ = machine.flush(isWritable: true, now: .at(0))
        let cancelled = machine.cancel(1)
        #expect(cancelled?.isStuck == true)
    }

    @Test func aDisconnectTellsWhatWasSentFromWhatWasNot() {
        var machine = ready()
        _ = machine.submit(entry(1))
        _ = machine.flush(isWritable: true, now: .at(0))
        _ = machine.submit(entry(2))
        let waiters = machine.disconnected()
        #expect(waiters.sent == ["w1"] && waiters.unsent == ["w2"])
        #expect(machine.submit(entry(3)) == .refuse(.connectionClosed))
        #expect(machine.disconnected().sent == [])
    }

    @Test func timeoutsTellWhatWasSentFromWhatWasNot() {
        var machine = ready(.init(silence: .milliseconds(5000)))
        _ = machine.submit(entry(1, deadline: 100))
        _ = machine.flush(isWritable: true, now: .at(0))
        _ = machine.submit(entry(2, deadline: 100))
        _ = machine.submit(entry(3, deadline: 200))
        #expect(machine.tick(now: .at(99)).sent == [])
        let expiry = machine.tick(now: .at(100))
        #expect(expiry.sent == ["w1"] && expiry.unsent == ["w2"] && expiry.close == nil)
        #expect(machine.load == 2)
        #expect(machine.flush(isWritable: true, now: .at(100))?.text == "x")
        #expect(word(machine.received(reply(":1|"), now: .at(101))) == "nothing")
        #expect(word(machine.received(reply(":3|"), now: .at(101))) == "resume w3 3")
    }

    @Test func theTimerIsArmedForTheEarliestDeadline() {
        var machine = ready(.init(silence: .milliseconds(5000), idle: .milliseconds(9000)))
        #expect(machine.takeTimer() == .at(5000), "a greeting may take as long as a silence")
        _ = machine.submit(entry(1, deadline: 700))
        _ = machine.submit(entry(2, deadline: 300))
        #expect(machine.takeTimer() == .at(300))
        #expect(machine.takeTimer() == nil)
        _ = machine.tick(now: .at(300))
        #expect(machine.takeTimer() == .at(700))
        _ = machine.tick(now: .at(700))
        #expect(machine.takeTimer() == .at(9000))
    }

    @Test func aSilentServerThatOwesAReplyIsGivenUp() {
        var machine = ready(.init(silence: .milliseconds(500)))
        _ = [machine.submit(entry(1, deadline: 10_000)), machine.submit(entry(2, deadline: 10_000))]
        _ = machine.flush(isWritable: true, now: .at(1000))
        #expect(machine.tick(now: .at(1499)).close == nil)
        _ = machine.received(reply(":1|"), now: .at(1499))
        #expect(machine.tick(now: .at(1998)).close == nil)
        #expect(machine.tick(now: .at(1999)).close?.errorCode == .connectionClosed)
    }

    @Test func aBlockingCommandMayBeSilent() {
        var machine = ready(.init(silence: .milliseconds(500)))
        _ = machine.submit(entry(1, deadline: 60_000, isBlocking: true))
        _ = machine.flush(isWritable: true, now: .at(0))
        #expect(machine.tick(now: .at(59_999)).close == nil)
        #expect(machine.tick(now: .at(60_000)).close != nil)
    }

    @Test func anIdleServerIsAskedAndItsAnswerIsForNobody() {
        var machine = ready(.init(silence: .milliseconds(500), idle: .milliseconds(1000)))
        #expect(machine.tick(now: .at(999)).probe == nil)
        #expect(machine.tick(now: .at(1000)).probe?.text == "*1|$4|PING|")
        #expect(machine.tick(now: .at(1499)).close == nil)
        var dead = machine
        #expect(dead.tick(now: .at(1500)).close != nil)
        #expect(word(machine.received(reply("+PONG|"), now: .at(1400))) == "nothing")
        #expect(machine.tick(now: .at(1500)).close == nil)
    }

    @Test func tooManyCommandsAreRefused() {
        var machine = ready(.init(commands: 3, queuedBytes: 10))
        _ = machine.submit(entry(1, replies: 2))
        #expect(machine.submit(entry(2, replies: 2)) == .refuse(.overloaded))
        #expect(machine.submit(entry(3, "0123456789")) == .refuse(.overloaded))
        #expect(machine.submit(entry(4)) == .wait)
        _ = machine.flush(isWritable: true, now: .at(0))
        #expect(machine.submit(entry(5)) == .refuse(.overloaded))
        _ = machine.received(reply(":1|"), now: .at(0))
        #expect(machine.submit(entry(6, "longer than the bound, but alone")) == .flush)
    }

    @Test func confirmationsAnswerASubscriptionAndMessagesDoNot() {
        var machine = ready()
        _ = machine.submit(entry(1, replies: 2, confirmation: .subscribe))
        _ = machine.flush(isWritable: true, now: .at(0))
        let words = [">3|+subscribe|+a|:1|", ">3|+message|+a|+1|", ">3|+subscribe|+b|:2|", ">3|+sunsubscribe|+c|:0|", ">1|+invalidate|"].map {
            word(machine.received(reply($0), now: .at(1)))
        }
        #expect(
            words == [
                "nothing", "push [+message, +a, +1]", "resume w1 [+subscribe, +a, 1] [+subscribe, +b, 2]", "push [+sunsubscribe, +c, 0]",
                "push [+invalidate]",
            ])
    }

    @Test func arraysAreMessagesOnlyOnASubscribedConnectionOfRESP2() {
        var machine = ready(resp2: true)
        _ = machine.submit(entry(1))
        _ = machine.flush(isWritable: true, now: .at(0))
        #expect(word(machine.received(reply("*3|+message|+a|+1|"), now: .at(1))).hasPrefix("resume w1"))
        _ = machine.submit(entry(2, confirmation: .ssubscribe))
        _ = machine.flush(isWritable: true, now: .at(1))
        #expect(word(machine.received(reply("*3|+ssubscribe|+a|:1|"), now: .at(1))).hasPrefix("resume w2"))
        #expect(word(machine.received(reply("*3|+smessage|+a|+1|"), now: .at(1))).hasPrefix("push"))
    }

    @Test func aRefusedSubscriptionIsAnsweredByItsError() {
        var machine = ready()
        _ = machine.submit(entry(1, replies: 3, confirmation: .ssubscribe))
        _ = machine.flush(isWritable: true, now: .at(0))
        #expect(word(machine.received(refusal("MOVED 1 a:1"), now: .at(1))) == "resume w1 -MOVED 1 a:1")
        #expect(machine.load == 0)
    }

    @Test func anEndingConnectionFinishesWhatItAccepted() {
        var machine = ready()
        _ = machine.submit(entry(1))
        _ = machine.flush(isWritable: true, now: .at(0))
        #expect(machine.end() == false)
        #expect(machine.submit(entry(2)) == .refuse(.connectionClosed))
        #expect(word(machine.received(reply(":1|"), now: .at(1))) == "resume w1 1")
        #expect(machine.isFinished)
        var idle = ready()
        let endsAtOnce = idle.end()
        #expect(endsAtOnce)
    }
}
