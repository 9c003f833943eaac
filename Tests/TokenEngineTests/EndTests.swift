import Testing
import TokenCore

@testable import TokenEngine

/// What an end leaves behind, in the store and in memory.
@Suite struct EndTests {
    /// Whoever ends one of his sessions again and again gets the same answer, and neither the store nor the memory grows.
    @Test(arguments: TestedStore.allCases) func endingASessionAgainStoresNothing(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let subject = try #require(Subject(integer: 1))
            let pair = try await harness.login()
            for _ in 0..<20 {
                try await harness.engine.endSession(pair.session, owner: subject, because: .endedBySubject)
                try await harness.engine.logout(session: pair.session, subject: subject)
            }
            #expect(try await store.revocations(in: pair.session.partition, after: 0, limit: 100).count == 1)
            #expect(try await harness.events() == [.issued, .revoked])
            #expect(harness.engine.enforcers.count == 1)
        }
    }

    /// Another instance ended it; this one, asked again, enforces it before it answers.
    @Test(arguments: TestedStore.allCases) func anEndAlreadyStoredIsEnforcedHere(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let (one, two) = (try await Harness(store: store), try await Harness(store: store))
            let subject = try #require(Subject(integer: 1))
            let pair = try await one.login()
            try await one.engine.logout(session: pair.session, subject: subject)
            #expect(two.loop.accepts(pair.session, of: subject))
            try await two.engine.endSession(pair.session, owner: subject, because: .endedBySubject)
            #expect(!two.loop.accepts(pair.session, of: subject))
        }
    }

    /// Who joins late is told everything that is live, each thing once.
    @Test func whoJoinsLateEnforcesWhatIsLive() async throws {
        let harness = try await Harness(store: InMemoryStore())
        let (subject, other) = (try #require(Subject(integer: 1)), try #require(Subject(integer: 2)))
        let pairs = [try await harness.login(), try await harness.login(2)]
        try await harness.engine.logoutAll(subject: subject, because: .logout)
        let late = Loop()
        await harness.engine.add(enforcer: late)
        #expect(!late.accepts(pairs[0].session, of: subject))
        #expect(late.accepts(pairs[1].session, of: other))
    }

    /// The machine that the data comes from was ahead of the one it is restored on, and its tokens lived longer.
    @Test(arguments: TestedStore.allCases) func aRestoreEndsWhatWasBornAfterItsClock(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let ahead = try await Harness(store: store, policy: SessionPolicy(accessLifetime: SessionPolicy.mostAccessLifetime))
            let now = ahead.clock.now()
            ahead.clock.advance(by: .seconds(7200))
            let pair = try await ahead.login()
            let other = try #require(Subject(integer: 2))
            ahead.clock.advance(by: .seconds(60))
            let epoch = try await ahead.engine.logoutAll(subject: other, because: .logout)
            try await StoreEpoch.endEverything(in: store, policy: SessionPolicy(accessLifetime: .seconds(60)), now: now)
            let restored = try await Harness(store: store)
            let subject = try #require(Subject(integer: 1))
            #expect(!restored.loop.accepts(pair.session, of: subject))
            let fresh = try await restored.login()
            #expect(fresh.session.birth > epoch && restored.loop.accepts(fresh.session, of: subject))
            let entries = try await store.revocations(in: .control, after: 0, limit: 10)
            #expect(entries.map(\.entry.target) == [.everything(upTo: epoch)])
            #expect(try #require(entries.first).entry.expiresAt >= epoch + SessionPolicy.mostAccessLifetime + SessionPolicy.mostLeeway)
        }
    }
}
