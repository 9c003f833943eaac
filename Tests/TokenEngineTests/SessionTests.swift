import JOSE
import Testing
import TokenCore

@testable import TokenEngine

/// What one caller after another sees, on each store.
@Suite struct SessionTests {
    @Test(arguments: TestedStore.allCases) func loginIssuesAPairThatSaysWhatWasAsked(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let pair = try await harness.login(7, device: "phone")
            let claims = try harness.claims(pair)
            #expect(claims["user_id"]?.integer == 7)
            #expect(claims.subject == "7")
            #expect(claims.issuer == "https://issuer.example")
            #expect(claims["sid"]?.string == pair.session.description)
            #expect(claims["exp"]?.integer == harness.clock.now().seconds + 900)
            #expect(pair.expiresIn == 900)
            #expect(try await harness.events() == [.issued])
            let subject = try #require(Subject(integer: 7))
            let page = try await harness.engine.sessions(of: subject, after: nil, limit: 10)
            #expect(page.sessions.map(\.device) == ["phone"])
        }
    }

    @Test(arguments: TestedStore.allCases) func refreshTokenIsSingleUseOutsideTheGraceWindow(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let first = try await harness.login()
            let second = try await harness.engine.refresh(first.refresh)
            #expect(second.refresh != first.refresh)
            harness.clock.advance(by: .seconds(30))
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(first.refresh) }
            // The reuse ended the family: the successor is dead too, and so is the access token.
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(second.refresh) }
            let subject = try #require(Subject(integer: 1))
            #expect(!harness.loop.accepts(first.session, of: subject))
            #expect(try await harness.events() == [.issued, .refreshed, .reuseDetected])
        }
    }

    @Test(arguments: TestedStore.allCases) func retryWithinGraceGetsTheSameSuccessorUntilItIsUsed(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let first = try await harness.login()
            let second = try await harness.engine.refresh(first.refresh)
            harness.clock.advance(by: .milliseconds(29_999))
            let again = try await harness.engine.refresh(first.refresh)
            #expect(again.refresh == second.refresh)
            _ = try await harness.engine.refresh(second.refresh)
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(first.refresh) }
            #expect(try await harness.events() == [.issued, .refreshed, .refreshRetried, .refreshed, .reuseDetected])
        }
    }

    @Test(arguments: TestedStore.allCases) func logoutEndsTheSessionAndEveryLoopEnforcesItWhenItReturns(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let subject = try #require(Subject(integer: 1))
            let mine = try await harness.login()
            let other = try await harness.login()
            #expect(harness.loop.accepts(mine.session, of: subject))
            try await harness.engine.logout(session: mine.session, subject: subject)
            #expect(!harness.loop.accepts(mine.session, of: subject))
            #expect(harness.loop.accepts(other.session, of: subject))
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(mine.refresh) }
            _ = try await harness.engine.refresh(other.refresh)
        }
    }

    @Test(arguments: TestedStore.allCases) func logoutOfAllEndsWhatWasBornAndNotWhatComesAfter(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let subject = try #require(Subject(integer: 1))
            let before = try await harness.login()
            try await harness.engine.logoutAll(subject: subject, because: .logout)
            // The same millisecond: the clock stands still.
            let after = try await harness.login()
            #expect(!harness.loop.accepts(before.session, of: subject))
            #expect(harness.loop.accepts(after.session, of: subject))
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(before.refresh) }
            _ = try await harness.engine.refresh(after.refresh)
        }
    }

    @Test(arguments: TestedStore.allCases) func somebodyElsesSessionAnswersLikeAnUnknownOne(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let victim = try await harness.login(1)
            let attacker = try #require(Subject(integer: 2))
            let unknown = SessionID(birth: harness.clock.now(), partition: victim.session.partition, random: 5)
            var errors: [OAuthError] = []
            for id in [victim.session, unknown] {
                let refusal = await #expect(throws: OAuthError.self) {
                    try await harness.engine.endSession(id, owner: attacker, because: .endedBySubject)
                }
                errors.append(try #require(refusal))
            }
            #expect(errors.count == 2)
            #expect(errors.first == errors.last)
            _ = try await harness.engine.refresh(victim.refresh)
        }
    }

    @Test(arguments: TestedStore.allCases) func signingThatFailsDoesNotRotate(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let first = try await harness.login()
            harness.signer.fail(true)
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(first.refresh) }
            harness.signer.fail(false)
            harness.clock.advance(by: .seconds(3600))
            _ = try await harness.engine.refresh(first.refresh)
            #expect(try await harness.events() == [.issued, .refreshed])
        }
    }

    /// canon 62
    @Test func nothingIsIssuedOnAClockThatWentBack() async throws {
        let harness = try await Harness(store: InMemoryStore())
        let pair = try await harness.login()
        harness.clock.stepBack()
        await #expect(throws: OAuthError.self) { try await harness.login() }
        await #expect(throws: OAuthError.self) { try await harness.engine.refresh(pair.refresh) }
        #expect(await harness.engine.readiness().isReady == false)
    }

    @Test(arguments: TestedStore.allCases) func autoLogoutEndsBetweenOneAndOnePointZeroFive(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let policy = SessionPolicy(autoLogout: .seconds(3600))
            let harness = try await Harness(store: store, policy: policy)
            let kept = try await harness.login()
            harness.clock.advance(by: .seconds(3599))
            let next = try await harness.engine.refresh(kept.refresh)
            harness.clock.advance(by: .seconds(3600))
            let last = try await harness.engine.refresh(next.refresh)
            harness.clock.advance(by: .seconds(3600 + 180))
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(last.refresh) }
        }
    }

    @Test(arguments: TestedStore.allCases) func authenticatingKeepsASessionAlive(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store, policy: SessionPolicy(autoLogout: .seconds(3600)))
            let pair = try await harness.login()
            for _ in 0..<3 {
                harness.clock.advance(by: .seconds(3000))
                harness.engine.recordActivity(pair.session, at: harness.clock.now())
                try await harness.engine.writeActivity()
            }
            _ = try await harness.engine.refresh(pair.refresh)
        }
    }

    @Test(arguments: TestedStore.allCases) func rowsOfSessionsThatAnEpochEndedAreReaped(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let subject = try #require(Subject(integer: 1))
            let dead = try await harness.login()
            try await harness.engine.logoutAll(subject: subject, because: .administrator)
            let live = try await harness.login()
            try await harness.engine.reap()
            let now = harness.clock.now()
            let later = now + .seconds(900 + 30 + 60 + 2)
            #expect(try await store.load(Family.self, id: dead.session, now: now) != nil)
            #expect(try await store.load(Family.self, id: dead.session, now: later) == nil)
            #expect(try await store.load(Family.self, id: live.session, now: later) != nil)
            let record = try await store.load(SubjectRecord.self, id: .init(subject, partitions: store.partitionCount), now: now)
            #expect(record?.record.awaitsReaper == false)
        }
    }

    @Test(arguments: TestedStore.allCases) func aStoreThatWentBackMovesForwardAndSaysSo(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let first = try await harness.login()
            let old = try #require(try await store.load(Family.self, id: first.session, now: harness.clock.now()))
            let second = try await harness.engine.refresh(first.refresh)
            let third = try await harness.engine.refresh(second.refresh)
            // The row as it was before both rotations.
            let now = harness.clock.now()
            let current = try #require(try await store.load(Family.self, id: first.session, now: now))
            try await store.commit(
                WriteBatch(partition: first.session.partition, now: now, writes: [.put(old.record, over: current.version)]))
            let fourth = try await harness.engine.refresh(third.refresh)
            #expect(try await harness.events().suffix(2) == [.storeRollbackDetected, .refreshed])
            harness.clock.advance(by: .seconds(60))
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(second.refresh) }
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(fourth.refresh) }
        }
    }

    @Test(arguments: TestedStore.allCases) func endingEverythingSparesWhatIsBornAfter(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let before = try await harness.login(1)
            try await harness.engine.endEverything()
            let after = try await harness.login(2)
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(before.refresh) }
            _ = try await harness.engine.refresh(after.refresh)
            let one = try #require(Subject(integer: 1))
            let two = try #require(Subject(integer: 2))
            #expect(!harness.loop.accepts(before.session, of: one))
            #expect(harness.loop.accepts(after.session, of: two))
        }
    }
}

/// Clients that may authenticate, on each store.
@Suite struct ClientTests {
    @Test(arguments: TestedStore.allCases) func aClientIsKnownByItsSecretAlone(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let engine = try await Harness(store: store).engine
            let client = try await engine.createClient(name: "shop")
            #expect(try await engine.authenticateClient(id: client.id.text, secret: client.secret.bytes).id == client.id)
            for (id, secret) in [(client.id.text, Array("wrong".utf8)), ("mmc_unknown", client.secret.bytes), ("", [])] {
                let refusal = await #expect(throws: OAuthError.self) { try await engine.authenticateClient(id: id, secret: secret) }
                #expect(refusal?.code == .invalidClient)
            }
        }
    }

    /// canon 19: the store has a keyed hash of a secret, never the secret.
    @Test(arguments: TestedStore.allCases) func theSecretIsNotStored(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let client = try await harness.engine.createClient(name: "shop")
            let stored = try #require(try await store.load([ClientRecord.key(for: client.id)], now: harness.clock.now())[0])
            let body = String(decoding: stored.body, as: UTF8.self)
            #expect(!body.contains(String(decoding: client.secret.bytes, as: UTF8.self)))
            #expect(client.secret.bytes.count >= 4 + 43)
        }
    }

    /// canon 60
    @Test(arguments: TestedStore.allCases) func makingAndDeletingAClientAreEvents(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let client = try await harness.engine.createClient(name: "shop").id
            try await harness.engine.deleteClient(client)
            let now = harness.clock.now()
            let expected = [Event.Name.clientCreated, .clientDeleted].map { Event($0, at: now, client: client.text) }
            #expect(try await store.events(after: 0, limit: 10).map(\.event) == expected)
        }
    }

    @Test(arguments: TestedStore.allCases) func deletingAClientEndsTheSessionsItBegan(_ kind: TestedStore) async throws {
        try await kind.use { store in
            let harness = try await Harness(store: store)
            let client = try await harness.engine.createClient(name: "shop")
            let subject = try #require(Subject(integer: 1))
            let begun = try await harness.engine.login(.init(subject: subject, client: client.id))
            let other = try await harness.login(1)
            try await harness.engine.deleteClient(client.id)
            await #expect(throws: OAuthError.self) { try await harness.engine.refresh(begun.refresh) }
            _ = try await harness.engine.refresh(other.refresh)
            #expect(try await harness.engine.clients().isEmpty)
        }
    }
}
