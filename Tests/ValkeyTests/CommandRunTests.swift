import NIOCore
import Testing

@testable import Valkey

/// What is sent again, and what never is.
@Suite("Commands on their way")
struct CommandRunTests {
    private let write = INCR("k")
    private let script = ValkeyScript("return 1", digest: "d1")
    private let lost = ValkeyClientError.closed(.unknown)
    private let refused = ValkeyClientError(.connectionFailed, execution: .notExecuted, message: "refused")

    private func finish(_ run: inout CommandRun, _ replies: [RESPToken], asking: Bool = false) -> CommandRun.Next {
        run.finished(.success(replies), asking: asking)
    }

    private func words(_ run: CommandRun) -> [String] {
        run.outcome.map { result in
            switch result {
            case .success(let token): "\(token)"
            case .failure(let error): "\(error.errorCode) \(error.execution)"
            }
        }
    }

    @Test func repliesAreResultsAndErrorsOfTheServerAreErrors() {
        var run = CommandRun([write, GET("k"), PING()])
        #expect(finish(&run, [reply(":1|"), refusal("WRONGTYPE no"), reply("+PONG|")]) == .done)
        #expect(words(run) == ["1", "commandError replied", "+PONG"])
        #expect(throws: ValkeyClientError.self) { try run.outcome[1].get() }
    }

    @Test func aWriteThatMayHaveBeenRunIsNeverSentAgain() {
        var run = CommandRun([write])
        #expect(run.finished(.failure(lost), asking: false) == .done)
        #expect(words(run) == ["connectionClosed unknown"])
        var batch = CommandRun([GET("k"), write])
        #expect(batch.finished(.failure(lost), asking: false) == .done, "one write among reads spoils them")
    }

    @Test func whatIsRepeatableOrWasNotExecutedIsSentAgain() {
        for command in [GET("k"), Repeatable(write), SET("k", value: ByteBuffer())] as [any ValkeyCommand] {
            var run = CommandRun([command])
            #expect(run.finished(.failure(lost), asking: false) == .wait)
        }
        var run = CommandRun([write])
        #expect(run.finished(.failure(refused), asking: false) == .wait)
        #expect(run.failures == 1)
        #expect(finish(&run, [reply(":1|")]) == .done)
        #expect(words(run) == ["1"])
    }

    @Test(arguments: [
        ValkeyClientError.ErrorCode.timeout, .overloaded, .cancelled, .authenticationFailed, .greetingRefused, .clientIsShutDown, .respParsingError,
    ])
    func otherFailuresAreFinal(code: ValkeyClientError.ErrorCode) {
        var run = CommandRun([GET("k")])
        #expect(run.finished(.failure(.init(code, execution: .notExecuted, message: "")), asking: false) == .done)
    }

    @Test func whenTimeIsOverTheReasonIsSaid() {
        let late = ValkeyClientError(.timeout, execution: .notExecuted, message: "late")
        var run = CommandRun([write])
        _ = run.finished(.failure(refused), asking: false)
        #expect(run.finished(.failure(late), asking: false) == .done)
        #expect(words(run) == ["connectionFailed notExecuted"])
        var first = CommandRun([write])
        _ = first.finished(.failure(late), asking: false)
        #expect(words(first) == ["timeout notExecuted"])
    }

    @Test func anUnknownScriptIsTaughtOnceAndCalledAgainWithWhatRestsOnIt() {
        var run = CommandRun([write, script(keys: ["k"]), WAIT(numreplicas: 1, timeout: 5)])
        #expect(finish(&run, [reply(":1|"), refusal("NOSCRIPT No matching script"), reply(":0|")]) == .teach)
        let parcel = run.parcel(asking: false)
        #expect(parcel.bytes.text == "*3|$6|SCRIPT|$4|LOAD|$8|return 1|*4|$7|EVALSHA|$2|d1|$1|1|$1|k|*3|$4|WAIT|$1|1|$1|5|")
        #expect(parcel.replies == 3 && parcel.isBlocking)
        #expect(finish(&run, [reply("+d1|"), reply(":7|"), reply(":1|")]) == .done)
        #expect(words(run) == ["1", "7", "1"])
    }

    @Test func aScriptThatCannotBeTaughtSaysWhy() {
        var run = CommandRun([script(keys: ["k"])])
        _ = finish(&run, [refusal("NOSCRIPT")])
        #expect(finish(&run, [refusal("NOPERM no scripts"), refusal("NOSCRIPT")]) == .done)
        #expect(throws: ValkeyClientError.self) { try run.outcome[0].get() }
        if case .failure(let error) = run.outcome[0] { #expect(error.serverCode == "NOPERM" && error.execution == .notExecuted) }
        var forgetful = CommandRun([script(keys: ["k"])])
        _ = finish(&forgetful, [refusal("NOSCRIPT")])
        var lessons = 1
        while finish(&forgetful, [reply("+d1|"), refusal("NOSCRIPT")]) == .teach { lessons += 1 }
        #expect(lessons == CommandRun.mostLessons, "not for ever")
    }

    @Test func aMissingFunctionIsTaughtToo() {
        let library = ValkeyFunctionLibrary("#!lua name=l")
        var run = CommandRun([library.call("f", keys: ["k"])])
        #expect(finish(&run, [refusal("ERR Function not found")]) == .teach)
        #expect(run.parcel(asking: false).bytes.text.hasPrefix("*4|$8|FUNCTION|$4|LOAD|$7|REPLACE|$12|#!lua name=l|*4|$5|FCALL|"))
    }

    @Test func aMovedSlotIsFollowedAndAnAskedOneIsAsked() {
        var run = CommandRun([write, PING()])
        #expect(finish(&run, [refusal("MOVED 7 10.0.0.1:7000"), reply("+PONG|")]) == .redirect(.moved(slot: 7, host: "10.0.0.1", port: 7000)))
        #expect(run.pending == [0, 1])
        #expect(finish(&run, [refusal("ASK 7 10.0.0.2:7001"), reply("+PONG|")]) == .redirect(.ask(slot: 7, host: "10.0.0.2", port: 7001)))
        let parcel = run.parcel(asking: true)
        #expect(parcel.bytes.text == "*1|$6|ASKING|*2|$4|INCR|$1|k|*1|$4|PING|" && parcel.replies == 3)
        #expect(finish(&run, [reply("+OK|"), reply(":4|"), reply("+PONG|")], asking: true) == .done)
        #expect(words(run) == ["4", "+PONG"])
    }

    @Test func aCircleOfServersEnds() {
        var run = CommandRun([write])
        var rounds = 0
        while case .redirect = finish(&run, [refusal("MOVED 7 a:1")]) { rounds += 1 }
        #expect(rounds == CommandRun.mostRedirections)
        #expect(words(run) == ["commandError notExecuted"])
    }

    @Test func onlyWhatTheServerRefusedIsSentAgain() {
        var run = CommandRun([write, INCR("l"), write])
        #expect(finish(&run, [reply(":1|"), refusal("TRYAGAIN"), reply(":2|")]) == .wait)
        #expect(run.pending == [1])
        #expect(finish(&run, [reply(":9|")]) == .done)
        #expect(words(run) == ["1", "9", "2"])
    }

    @Test(arguments: [
        ("MOVED 1 :7000", ReplyVerdict.moved(slot: 1, host: "", port: 7000)), ("MOVED 1 ?:7000", .moved(slot: 1, host: "", port: 7000)),
        ("MOVED 1 ::1:7000", .moved(slot: 1, host: "::1", port: 7000)), ("MOVED 16384 a:1", .final), ("MOVED 1 a:0", .final), ("MOVED", .final),
        ("ASK 2 h.example:1", .ask(slot: 2, host: "h.example", port: 1)), ("LOADING x", .tryAgain), ("CLUSTERDOWN x", .tryAgain),
        ("MASTERDOWN x", .tryAgain), ("NOSCRIPT x", .unknownCode), ("ERR Function not found", .unknownCode), ("ERR", .final), ("", .final),
    ])
    func errorsAreReadStrictly(text: String, verdict: ReplyVerdict) { #expect(ReplyVerdict(text) == verdict) }
}
