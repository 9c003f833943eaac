import Synchronization
import Testing
import TokenCore

@testable import TokenClient

/// A token of which somebody said that it is not accepted is not served again because of an answer that was already on its way.
struct RejectionTests {
    @Test func aFetchThatWasUnderWayDoesNotBringTheRejectedTokenBack() async throws {
        let gate = Gate()
        let source = ScriptedSource { number throws(TokenSourceError) in
            if number == 2 { await gate.pass() }
            // An issuer that gives the same token again until it knows better.
            return ScriptedSource.token(number < 3 ? 1 : 3, .unlimited)
        }
        var policy = UpstreamPolicy.quick
        policy.refresh = .every(.milliseconds(300))
        let manager = TokenManager(name: "late", source: source, policy: policy)
        let old = try await manager.token()
        #expect(await eventually { source.begun == 2 })
        #expect(manager.invalidate(old))
        let waiting = Task { try await manager.token() }
        #expect(await eventually { manager.status.waiting == 1 })
        gate.open()
        #expect(try await waiting.value.value == "token-3")
        #expect(source.rejected.prefix(3) == [nil, nil, "token-1"], "the second fetch was begun before anybody knew")
        #expect(manager.status.failures == 0)
    }

    @Test func aSourceThatHasNoOtherTokenIsAskedAgainAfterAPauseAndIsThenBelieved() async throws {
        let source = ScriptedSource { _ throws(TokenSourceError) in ScriptedSource.token(1) }
        let manager = TokenManager(name: "one", source: source, policy: .quick)
        var events = manager.events.makeAsyncIterator()
        manager.invalidate(try await manager.token())
        let error = await failure { try await manager.token() }
        guard case .failed(let reason, let pause) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect("\(reason)".contains("again that was not accepted") && pause > .zero)
        #expect(await eventually { manager.current != nil })
        #expect(manager.current?.value == "token-1" && source.begun == 3, "asked once more, and once after the pause")
        for expected in ["refreshed", "invalidated", "failed", "refreshed"] {
            #expect(await events.next().map { "\($0)".hasPrefix(expected) } == true)
        }
    }

    @Test func eachRejectionCostsAPauseHoweverOftenItIsSaid() async throws {
        let source = ScriptedSource { _ throws(TokenSourceError) in ScriptedSource.token(1) }
        let manager = TokenManager(name: "often", source: source, policy: .quick)
        var token = try await manager.token()
        for round in 1...3 {
            #expect(manager.invalidate(token))
            #expect(await failure { try await manager.token() } != nil)
            #expect(await eventually { manager.current != nil })
            token = try #require(manager.current)
            #expect(source.begun == 1 + 2 * round, "a try that fails, and after the pause one that is believed")
        }
    }
}
