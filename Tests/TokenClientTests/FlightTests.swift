import Synchronization
import TestSupport
import Testing
import TokenCore

@testable import TokenClient

/// However many callers, one fetch. One test at a time: ten thousand tasks hold up a test whose token lives for seconds.
@Suite(.serialized) struct FlightTests {
    @Test func tenThousandCallersAtAColdStartShareOneFetch() async throws {
        let gate = Gate()
        let source = ScriptedSource { number throws(TokenSourceError) in
            await gate.pass()
            return ScriptedSource.token(number)
        }
        let manager = TokenManager(name: "cold", source: source, policy: .patient)
        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<10_000 { group.addTask { try await manager.token().value } }
            #expect(await eventually { manager.status.waiting == 10_000 })
            gate.open()
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(values == ["token-1"])
        #expect(source.begun == 1)
    }

    /// The refresh hangs, and everybody is served meanwhile.
    @Test(arguments: [true, false]) func aRefreshAheadIsOneFetchAndNobodyWaitsForIt(keepsFresh: Bool) async throws {
        let gate = Gate()
        let source = ScriptedSource { number throws(TokenSourceError) in
            if number > 1 { await gate.pass() }
            return ScriptedSource.token(number)
        }
        var policy = UpstreamPolicy.quick
        policy.refresh = .every(.milliseconds(100))
        policy.keepsFresh = keepsFresh
        let manager = TokenManager(name: "ahead", source: source, policy: policy)
        #expect(try await manager.token().value == "token-1")
        let patience = ContinuousClock.now + .seconds(120)
        while source.begun < 2, .now < patience {
            #expect(try await manager.token().value == "token-1")
            try await Task.sleep(for: .milliseconds(5))
        }
        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<2000 { group.addTask { try await manager.token().value } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(values == ["token-1"])
        #expect(manager.status.waiting == 0)
        #expect(source.begun == 2)
        gate.open()
        #expect(await eventually { manager.current?.value != "token-1" })
        #expect(source.most == 1)
    }

    @Test func aFailureIsSharedAndDoesNotStick() async throws {
        let gate = Gate()
        let source = ScriptedSource { number throws(TokenSourceError) in
            await gate.pass()
            if number == 1 { throw TokenSourceError(.status(500)) }
            return ScriptedSource.token(number)
        }
        var policy = UpstreamPolicy.quick
        policy.keepsFresh = false
        let manager = TokenManager(name: "failing", source: source, policy: policy)
        let errors = await withTaskGroup(of: TokenManagerError?.self) { group in
            for _ in 0..<1000 { group.addTask { await failure { try await manager.token() } } }
            #expect(await eventually { manager.status.waiting == 1000 })
            gate.open()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors.count == 1000)
        for error in errors { #expect(error?.retryAfter.map { error == .failed(TokenSourceError(.status(500)), retryAfter: $0) } == true) }
        #expect(source.begun == 1)
        try await Task.sleep(for: .milliseconds(90))
        #expect(try await manager.token().value == "token-2")
    }

    @Test func whileTheSourceCoolsDownCallersAreRefusedWithoutAskingIt() async throws {
        let source = ScriptedSource { _ throws(TokenSourceError) in throw TokenSourceError(.status(429), retryAfter: .seconds(600)) }
        let manager = TokenManager(name: "cooling", source: source, policy: .patient)
        _ = await failure { try await manager.token() }
        for _ in 0..<100 {
            let wait = try #require(await failure { try await manager.token() }?.retryAfter)
            #expect(wait > .seconds(590) && wait <= .seconds(600))
        }
        #expect(source.begun == 1)
        let next = try #require(manager.status.nextRefresh)
        #expect(next > .seconds(590) && next <= .seconds(600))
    }

    @Test func aSourceThatHangsIsGivenUpAndItsLateAnswerCountsForNothing() async throws {
        let gate = Gate()
        let answered = Atomic(false)
        let source = ScriptedSource { number throws(TokenSourceError) in
            if number == 1 {
                // Deaf to its cancellation.
                await Task { await gate.pass() }.value
                answered.store(true, ordering: .releasing)
            }
            return ScriptedSource.token(number)
        }
        var policy = UpstreamPolicy.quick
        policy.fetchTimeout = .milliseconds(60)
        let manager = TokenManager(name: "hanging", source: source, policy: policy)
        let error = await failure { try await manager.token() }
        guard case .timedOut = error else {
            Issue.record("threw \(String(describing: error))")
            return
        }
        #expect(await eventually { manager.current?.value == "token-2" })
        gate.open()
        #expect(await eventually { answered.load(ordering: .acquiring) && source.cancelled == 1 })
        #expect(try await manager.token().value == "token-2")
        #expect(manager.status.fetches == 2)
    }

    @Test(arguments: [TokenLifetime.lasting(.zero), .lasting(.seconds(-5)), .until(UnixTime(seconds: 1))])
    func aTokenThatIsOverWhenItComesIsNeverServed(lifetime: TokenLifetime) async throws {
        let source = ScriptedSource { number throws(TokenSourceError) in ScriptedSource.token(number, lifetime) }
        let manager = TokenManager(name: "over", source: source, policy: .patient)
        let error = await failure { try await manager.token() }
        #expect(error?.retryAfter.map { error == .expiredOnArrival(retryAfter: $0) } == true)
        #expect(manager.current == nil)
    }

    @Test func aRefreshThatBringsAnOlderTokenChangesNothing() async throws {
        let source = ScriptedSource { number throws(TokenSourceError) in
            ScriptedSource.token(number, .lasting(.seconds(number == 1 ? 20 : 10)))
        }
        var policy = UpstreamPolicy.quick
        policy.refresh = .ahead(at: 0, jitter: 0)
        policy.firstPause = .seconds(60)
        policy.longestPause = .seconds(60)
        let manager = TokenManager(name: "older", source: source, policy: policy)
        #expect(try await manager.token().value == "token-1")
        #expect(await eventually { manager.status.failures == 1 })
        guard case .outdated = manager.status.lastError else {
            Issue.record("the refusal was \(String(describing: manager.status.lastError))")
            return
        }
        #expect(try await manager.token().value == "token-1")
        #expect(source.begun == 2)
    }

    @Test func fiftyInvalidationsCauseOneFetch() async throws {
        let source = ScriptedSource { number throws(TokenSourceError) in ScriptedSource.token(number) }
        let manager = TokenManager(name: "fifty", source: source, policy: .quick)
        let old = try await manager.token()
        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    manager.invalidate(old)
                    return try await manager.token().value
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(values == ["token-2"])
        #expect(source.begun == 2)
        #expect(source.rejected == [nil, "token-1"])
        #expect(!manager.invalidate(value: "token-1"))
        #expect(manager.invalidate(value: "token-2"))
    }

    @Test func theOldTokenIsServedUntilItsEndWhileTheSourceFails() async throws {
        let source = ScriptedSource { number throws(TokenSourceError) in
            if number > 1 { throw TokenSourceError(.unreachable("refused")) }
            return ScriptedSource.token(number, .lasting(.seconds(6)))
        }
        var policy = UpstreamPolicy.quick
        policy.refresh = .ahead(at: 0.1, jitter: 0)
        let manager = TokenManager(name: "old", source: source, policy: policy)
        let asked = ContinuousClock.now
        #expect(try await manager.token().number == 1)
        var error: TokenManagerError?
        var served = 0
        while error == nil {
            let called = ContinuousClock.now
            error = await failure { try await manager.token() }
            if error == nil { #expect(called - asked < .seconds(6)) } else { #expect(.now - asked >= .milliseconds(5300)) }
            served += 1
            try await Task.sleep(for: .milliseconds(3))
        }
        guard case .failed(TokenSourceError(.unreachable("refused")), _) = error else {
            Issue.record("threw \(String(describing: error))")
            return
        }
        #expect(served > 10)
        #expect(source.begun > 1)
    }
}
