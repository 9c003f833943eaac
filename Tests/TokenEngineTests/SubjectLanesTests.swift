import Testing
import TokenCore

@testable import TokenEngine

/// Where the number of a subject's sessions is limited its logins queue, and the queue has an end.
@Suite struct SubjectLanesTests {
    @Test func beyondTheBoundALoginIsToldToSlowDown() async throws {
        let harness = try await Harness(store: InMemoryStore(), policy: SessionPolicy(maxPerSubject: 1))
        let subject = try #require(Subject(integer: 1))
        let lanes = harness.engine.lanes
        // A login is under way and does not end.
        #expect(await lanes.enter(subject))
        try await withThrowingTaskGroup(of: TokenPair.self) { group in
            for _ in 0..<SubjectLanes.mostPerSubject { group.addTask { try await harness.login() } }
            while lanes.waiting(for: subject) < SubjectLanes.mostPerSubject { await Task.yield() }
            let refusal = await #expect(throws: OAuthError.self) { try await harness.login() }
            #expect(refusal?.code == .slowDown)
            #expect(refusal?.retryAfter == .seconds(1))
            // Others do not wait for this one.
            _ = try await harness.login(2)
            lanes.leave(subject)
            var pairs = 0
            for try await _ in group { pairs += 1 }
            #expect(pairs == SubjectLanes.mostPerSubject, "who waited was served")
        }
        #expect(lanes.waiting(for: subject) == 0)
        _ = try await harness.login()
        #expect(try await harness.engine.sessions(of: subject, after: nil, limit: 10).sessions.count == 1)
    }

    @Test func theLaneIsGivenOnInOrderOfArrival() async throws {
        let lanes = SubjectLanes()
        let subject = try #require(Subject(integer: 1))
        #expect(await lanes.enter(subject))
        let (order, arrived) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<5 {
            Task {
                _ = await lanes.enter(subject)
                arrived.yield(number)
                lanes.leave(subject)
            }
            while lanes.waiting(for: subject) == number { await Task.yield() }
        }
        lanes.leave(subject)
        var seen: [Int] = []
        for await number in order {
            seen.append(number)
            if seen.count == 5 { break }
        }
        #expect(seen == [0, 1, 2, 3, 4])
    }
}
