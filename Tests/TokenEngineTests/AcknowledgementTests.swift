import Testing
import TokenCore

@testable import TokenEngine

/// No 200 rests on what may still be lost; and what may have been revoked is refused.
@Suite struct AcknowledgementTests {
    private let store = SharedDouble()

    private func harness(policy: SessionPolicy = SessionPolicy()) async throws -> Harness {
        let harness = try await Harness(shared: store, policy: policy)
        try await harness.engine.follower(of: store).start()
        return harness
    }

    @Test func whatFindsItsWorkDoneHasItConfirmed() async throws {
        let harness = try await harness()
        let pair = try await harness.login()
        try await harness.engine.endSession(pair.session, owner: nil, because: .administrator)
        #expect(store.with { $0.confirmed }.isEmpty, "it was committed")
        try await harness.engine.endSession(pair.session, owner: nil, because: .administrator)
        #expect(store.with { $0.confirmed } == [pair.session.partition])
    }

    @Test func whatCannotBeConfirmedIsNotReported() async throws {
        let harness = try await harness()
        let pair = try await harness.login()
        try await harness.engine.endSession(pair.session, owner: nil, because: .administrator)
        for error in [StoreError.outcomeUnknown("no replica answers"), .unavailable("cut off")] {
            store.with { $0.confirmFailure = error }
            let refusal = await #expect(throws: OAuthError.self) {
                try await harness.engine.endSession(pair.session, owner: nil, because: .administrator)
            }
            #expect(refusal == harness.engine.translate(error))
        }
        store.with { $0.confirmFailure = nil }
        try await harness.engine.endSession(pair.session, owner: nil, because: .administrator)
    }

    /// Another instance ended it, and the acknowledgement is outstanding: refused here all the same.
    @Test func whatIsKnownToBeOverIsRefusedAlsoWithoutConfirmation() async throws {
        let (one, two) = (try await harness(), try await harness())
        let subject = try #require(Subject(integer: 1))
        let pair = try await one.login()
        try await one.engine.endSession(pair.session, owner: nil, because: .administrator)
        store.with { $0.confirmFailure = .outcomeUnknown("no replica answers") }
        #expect(two.loop.accepts(pair.session, of: subject))
        await #expect(throws: OAuthError.self) { try await two.engine.endSession(pair.session, owner: nil, because: .administrator) }
        #expect(!two.loop.accepts(pair.session, of: subject))
    }

    @Test func refusalsWaitForNobody() async throws {
        let harness = try await harness()
        let unknown = SessionID(birth: harness.clock.now(), partition: .control, random: 1)
        await #expect(throws: OAuthError.self) { try await harness.engine.endSession(unknown, owner: nil, because: .administrator) }
        #expect(store.with { $0.confirmed }.isEmpty)
    }

    /// Whether or not the commit was made: refusing is safe, and the order can be repeated.
    @Test(arguments: [false, true]) func aRevocationOfUnknownFateIsEnforcedHere(isMade: Bool) async throws {
        let harness = try await harness()
        let subject = try #require(Subject(integer: 1))
        let pair = try await harness.login()
        store.with { $0.commitFailure = (.outcomeUnknown("the connection broke"), isMade) }
        let refusal = await #expect(throws: OAuthError.self) {
            try await harness.engine.logout(session: pair.session, subject: subject)
        }
        #expect(refusal == harness.engine.translate(.outcomeUnknown("the connection broke")))
        #expect(!harness.loop.accepts(pair.session, of: subject))
        try await harness.engine.logout(session: pair.session, subject: subject)
        await #expect(throws: OAuthError.self) { try await harness.engine.refresh(pair.refresh) }
    }

    @Test func whatWasNotCommittedForSureIsNotEnforced() async throws {
        let harness = try await harness()
        let subject = try #require(Subject(integer: 1))
        let pair = try await harness.login()
        store.with { $0.commitFailure = (.unavailable("read-only"), isMade: false) }
        await #expect(throws: OAuthError.self) { try await harness.engine.logout(session: pair.session, subject: subject) }
        #expect(harness.loop.accepts(pair.session, of: subject))
    }

    @Test func rowsThatExpireByThemselvesAreNotSweptAndOneInstanceReaps() async throws {
        let harness = try await harness()
        try await harness.engine.sweep()
        #expect(store.with { $0.sweeps } == 0)
        let keepers = harness.engine.keepers { false }.compactMap { $0 as? Keeper }
        #expect(keepers.map(\.description) == ["keeper 'sweeper'", "keeper 'reaper'", "keeper 'activity'"])
        for keeper in keepers {
            let service = Task { try await keeper.run() }
            service.cancel()
            try await service.value
        }
        #expect(store.with { $0.finds } == 0)
        try await harness.engine.reap()
        #expect(store.with { $0.finds } > 0)
    }
}
