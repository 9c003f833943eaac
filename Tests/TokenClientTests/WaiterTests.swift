import Logging
import ServiceLifecycle
import Testing
import TokenCore

@testable import TokenClient

/// Who waits, who gives up, who listens.
struct WaiterTests {
    private static func gated(_ gate: Gate, mayBeAbandoned: Bool = true) -> ScriptedSource {
        ScriptedSource(mayBeAbandoned: mayBeAbandoned) { number throws(TokenSourceError) in
            await gate.pass()
            if Task.isCancelled { throw TokenSourceError(.other("cancelled")) }
            return ScriptedSource.token(number)
        }
    }

    @Test func aDeadlineAndACancellationHarmNobodyElse() async throws {
        let gate = Gate()
        let source = Self.gated(gate)
        let manager = TokenManager(name: "deadline", source: source, policy: .patient)
        let patient = Task { try await manager.token() }
        let impatient = Task { await failure { try await manager.token(within: .milliseconds(30)) } }
        let cancelled = Task { try await manager.token() }
        #expect(await eventually { source.begun == 1 })
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(await impatient.value == .deadline)
        #expect(manager.status.waiting == 1)
        gate.open()
        #expect(try await patient.value.value == "token-1")
        #expect(source.begun == 1 && source.cancelled == 0)
    }

    @Test func aFetchThatNobodyWantsIsGivenUp() async throws {
        let gate = Gate()
        let source = Self.gated(gate)
        var policy = UpstreamPolicy.quick
        policy.keepsFresh = false
        let manager = TokenManager(name: "unwanted", source: source, policy: policy)
        let callers = (0..<20).map { _ in Task { try await manager.token() } }
        #expect(await eventually { manager.status.waiting == 20 })
        for caller in callers { caller.cancel() }
        #expect(await eventually { source.cancelled == 1 })
        #expect(!manager.status.isFetching)
    }

    @Test func aFetchWhoseAnswerCannotBeHadAgainIsNotGivenUp() async throws {
        let gate = Gate()
        let source = Self.gated(gate, mayBeAbandoned: false)
        var policy = UpstreamPolicy.quick
        policy.keepsFresh = false
        let manager = TokenManager(name: "rotating", source: source, policy: policy)
        let caller = Task { try await manager.token() }
        #expect(await eventually { manager.status.waiting == 1 })
        caller.cancel()
        _ = await caller.result
        #expect(manager.status.isFetching)
        gate.open()
        #expect(await eventually { manager.current?.value == "token-1" })
        #expect(source.cancelled == 0)
    }

    @Test func aCallerWhoIsCancelledAlreadyBeginsNothing() async throws {
        let source = Self.gated(Gate())
        let manager = TokenManager(name: "early", source: source, policy: .patient)
        let caller = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await manager.token()
        }
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        #expect(source.begun == 0)
    }

    @Test func moreCallersThanThePolicyAllowsAreSentAway() async throws {
        let gate = Gate()
        var policy = UpstreamPolicy.patient
        policy.mostWaiters = 3
        let manager = TokenManager(name: "crowd", source: Self.gated(gate), policy: policy)
        let callers = (0..<3).map { _ in Task { try await manager.token() } }
        #expect(await eventually { manager.status.waiting == 3 })
        #expect(await failure { try await manager.token() } == .overloaded)
        gate.open()
        for caller in callers { #expect(try await caller.value.number == 1) }
    }

    @Test func whoWaitsForANewerTokenGetsItAndBeginsNothing() async throws {
        let source = ScriptedSource { number throws(TokenSourceError) in ScriptedSource.token(number) }
        let manager = TokenManager(name: "newer", source: source, policy: .quick)
        let first = try await manager.token()
        #expect(try await manager.token(newerThan: 0, within: .zero).number == 1)
        await #expect(throws: TokenManagerError.deadline) { try await manager.token(newerThan: 1, within: .milliseconds(20)) }
        let watcher = Task { try await manager.token(newerThan: 1, within: .seconds(120)) }
        #expect(await eventually { manager.status.waiting == 1 })
        #expect(source.begun == 1)
        manager.invalidate(first)
        #expect(try await watcher.value.number == 2)
    }

    @Test func observersHearEverythingInItsOrder() async throws {
        let source = ScriptedSource { number throws(TokenSourceError) in
            if number == 3 { throw TokenSourceError(.status(503)) }
            return ScriptedSource.token(number)
        }
        let manager = TokenManager(name: "observed", source: source, policy: .quick)
        var events = manager.events.makeAsyncIterator()
        for _ in 0..<2 { manager.invalidate(try await manager.token()) }
        var heard: [String] = []
        while heard.count < 6, let event = await events.next() {
            switch event {
            case .refreshed(let token): heard.append("refreshed \(token.number)")
            case .failed(let error, let pause): heard.append("failed \(pause > .zero) \(error)")
            case .invalidated(let number): heard.append("invalidated \(number)")
            case .expired(let number): heard.append("expired \(number)")
            }
        }
        let failed = "failed true The authorization server answered with status 503."
        #expect(heard == ["refreshed 1", "invalidated 1", "refreshed 2", "invalidated 2", failed, "refreshed 4"])
    }

    @Test func aValueAtAFixedIntervalIsMadeAgainAndAgain() async throws {
        let clock = ContinuousClock()
        let began = clock.now
        let manager = TokenManager(name: "interval", every: .milliseconds(150), policy: .quick) { "made" }
        #expect(try await manager.token().value == "made")
        #expect(await eventually { (manager.current?.number ?? 0) >= 4 })
        #expect(clock.now - began >= .milliseconds(450))
        #expect(manager.current?.expiresAt == nil)
    }

    @Test func aServiceGroupRunsItAndEndsIt() async throws {
        let source = ScriptedSource { number throws(TokenSourceError) in ScriptedSource.token(number) }
        let manager = TokenManager(name: "service", source: source, policy: .patient)
        let group = ServiceGroup(configuration: .init(services: [manager], logger: .init(label: "test")))
        let running = Task { try await group.run() }
        #expect(await eventually { manager.current != nil })
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(source.begun == 1)
    }

    @Test func aManagerThatNobodyHoldsIsGoneAndItsObserversKnow() async throws {
        var manager: TokenManager? = TokenManager(
            name: "gone", source: ScriptedSource { number throws(TokenSourceError) in ScriptedSource.token(number, .lasting(.seconds(60))) })
        weak let gone = manager
        let events = try #require(manager?.events)
        _ = try await manager?.token()
        manager = nil
        #expect(await eventually { gone == nil })
        var count = 0
        for await _ in events { count += 1 }
        #expect(count == 1)
    }
}
