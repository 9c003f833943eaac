import Testing
import TokenCore
import TokenEngine

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How often a race is run: a size that `make test` can afford, or what `MINTMARK_RACE_ROUNDS` says.
private let rounds = getenv("MINTMARK_RACE_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 200

/// Many requests at once on one thing, on each store: exactly one outcome, and nothing alive that must be dead (canon 27).
@Suite struct RaceTests {
    @Test(arguments: TestedStore.allCases) func parallelRefreshesOfOneTokenGetOneSuccessor(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            for _ in 0..<max(1, rounds / 20) {
                let pair = try await harness.login()
                let successors = try await concurrently(64) { _ in try await harness.engine.refresh(pair.refresh).refresh }
                #expect(Set(successors).count == 1)
                let summary = try await store.load(Family.self, id: pair.session, now: harness.clock.now())
                #expect(summary?.record.rotations == 1)
                #expect(summary?.record.activity.retries == 63)
            }
        }
    }

    @Test(arguments: TestedStore.allCases) func withoutGraceOneOfManyRefreshesWinsAndTheFamilyDies(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store, policy: SessionPolicy(refreshGrace: .zero))
            let pair = try await harness.login()
            let outcomes = try await concurrently(16) { _ in try? await harness.engine.refresh(pair.refresh).refresh }
            let winners = outcomes.compactMap { $0 }
            #expect(winners.count == 1)
            for winner in winners { await #expect(throws: OAuthError.self) { try await harness.engine.refresh(winner) } }
        }
    }

    @Test(arguments: TestedStore.allCases) func refreshRacingLogoutNeverLeavesALiveToken(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let subject = try #require(Subject(integer: 1))
            for round in 0..<rounds {
                let pair = try await harness.login()
                async let refreshed = try? harness.engine.refresh(pair.refresh)
                async let ended: Void =
                    round.isMultiple(of: 2)
                    ? harness.engine.logout(session: pair.session, subject: subject)
                    : { _ = try await harness.engine.logoutAll(subject: subject, because: .logout) }()
                let successor = await refreshed
                try await ended
                #expect(!harness.loop.accepts(pair.session, of: subject))
                for token in [pair.refresh, successor?.refresh].compactMap({ $0 }) {
                    await #expect(throws: OAuthError.self) { try await harness.engine.refresh(token) }
                }
                harness.clock.advance(by: .milliseconds(1))
            }
        }
    }

    @Test(arguments: TestedStore.allCases) func aLoginIsEitherBeforeOrAfterALogoutOfAll(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let subject = try #require(Subject(integer: 1))
            for _ in 0..<rounds {
                async let login = harness.login()
                async let epoch = harness.engine.logoutAll(subject: subject, because: .logout)
                let (pair, time) = try await (login, epoch)
                let lives = harness.loop.accepts(pair.session, of: subject)
                #expect(lives == (pair.session.birth > time))
                let refreshed = try? await harness.engine.refresh(pair.refresh)
                #expect((refreshed != nil) == lives)
            }
        }
    }

    /// A login whose client was looked up before the client was deleted is dead, whenever it commits.
    @Test(arguments: TestedStore.allCases) func aLoginUnderWayEndsWithItsClient(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let subject = try #require(Subject(integer: 1))
            for round in 0..<max(2, rounds / 4) {
                let client = try await harness.engine.createClient(name: "shop").id
                let request = LoginGrant.Request(subject: subject, client: client)
                async let first = harness.engine.login(request)
                async let deleted: Void = harness.engine.deleteClient(client)
                if round.isMultiple(of: 2) { harness.clock.advance(by: .milliseconds(1)) }
                var pairs = [try await first]
                try await deleted
                harness.clock.advance(by: .milliseconds(1))
                pairs.append(try await harness.engine.login(request))
                for pair in pairs {
                    #expect(!harness.loop.accepts(pair.session, of: subject, client: client))
                    await #expect(throws: OAuthError.self) { try await harness.engine.refresh(pair.refresh) }
                }
            }
            // As long as the last of them could live, a minute more for the login itself.
            let entries = try await store.revocations(in: .control, after: 0, limit: 1)
            let first = try #require(entries.first?.entry)
            #expect(first.expiresAt >= UnixTime(seconds: 1_800_000_000) + .seconds(60) + SessionPolicy().accessLifetime + SessionPolicy.mostLeeway)
        }
    }

    @Test(arguments: TestedStore.allCases) func parallelLoginsLeaveOneSessionWhereOneIsAllowed(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store, policy: SessionPolicy(maxPerSubject: 1))
            let subject = try #require(Subject(integer: 1))
            let pairs = try await concurrently(64) { _ in try await harness.login() }
            let live = try await harness.engine.sessions(of: subject, after: nil, limit: 100).sessions
            #expect(live.count == 1)
            #expect(pairs.filter { harness.loop.accepts($0.session, of: subject) }.map(\.session) == live.map(\.id))
        }
    }

    /// Two engines on one store have no queue in common: the compare-and-swap alone keeps the limit.
    @Test(arguments: TestedStore.allCases) func theLimitHoldsAcrossEnginesToo(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let policy = SessionPolicy(maxPerSubject: 2)
            let one = try await Harness(store: store, policy: policy)
            let two = try await Harness(store: store, policy: policy)
            let outcomes = try await concurrently(32) { index in try? await (index.isMultiple(of: 2) ? one : two).login() }
            #expect(outcomes.contains { $0 != nil })
            let subject = try #require(Subject(integer: 1))
            #expect(try await one.engine.sessions(of: subject, after: nil, limit: 100).sessions.count <= 2)
        }
    }
}

/// Runs a body many times at once and returns what each gave, in no order.
func concurrently<T: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> T) async throws -> [T] {
    try await withThrowingTaskGroup(of: T.self) { group in
        for index in 0..<count { group.addTask { try await body(index) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}
