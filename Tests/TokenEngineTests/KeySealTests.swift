import Testing
import TokenCore
import TokenSealing

@testable import TokenEngine

/// Seal keys come and go while signing keys and sessions live on.
struct KeySealTests {
    let harness = KeyHarness()

    @Test func dataWithoutItsSealRefusesToStartAndChangesNothing() async throws {
        _ = try await harness.started()
        let version = try await harness.ring()?.version
        let stranger = SealKeys.generate()
        let id = try #require(try await harness.ring()?.record.keys.first?.id)
        await #expect(throws: KeyKeeperError.keyDoesNotOpen(id)) { try await harness.started(stranger) }
        let numbered = try stranger.appending().removing(SealNumber(1))
        await #expect(throws: KeyKeeperError.sealMissing(SealNumber(1), sessionsUntil: nil)) { try await harness.started(numbered) }
        #expect(try await harness.ring()?.version == version)
        #expect(try await harness.started().signer != nil)
    }

    @Test func aNewerSealKeySealsTheSigningKeysAgain() async throws {
        let signing = try await harness.started().snapshot.ring.signing?.id
        #expect(try await harness.sealNumbers() == [SealNumber(1)])
        let both = try harness.seals.appending()
        _ = try await harness.started(both)
        #expect(try await harness.sealNumbers() == [SealNumber(1)])
        let keeper = try await harness.started(both.promoting(SealNumber(2)))
        #expect(try await harness.sealNumbers() == [SealNumber(2)])
        #expect(keeper.snapshot.ring.signing?.id == signing)
        #expect(keeper.signer != nil)
    }

    /// During a roll-out one instance seals with the new key and another with the old one: they must not take turns.
    @Test func twoSealFilesDoNotSealByTurns() async throws {
        let both = try harness.seals.appending()
        let old = try await harness.started(both)
        let new = try await harness.started(both.promoting(SealNumber(2)))
        let version = try await harness.ring()?.version
        for _ in 0..<10 {
            try await old.tick()
            try await new.tick()
        }
        #expect(try await harness.ring()?.version == version)
        #expect(try await harness.sealNumbers() == [SealNumber(2)])
        #expect(old.signer != nil && new.signer != nil)
    }

    /// Whoever promotes before every instance has the file: the late instance goes on with what it has opened, and cannot start again.
    @Test func anInstanceWithTheOldFileGoesOnWithWhatItHasOpened() async throws {
        let late = try await harness.started()
        _ = try await harness.started(harness.seals.appending().promoting(SealNumber(2)))
        try await late.tick()
        #expect(late.signer != nil)
        await #expect(throws: KeyKeeperError.sealMissing(SealNumber(2), sessionsUntil: nil)) { try await harness.started() }
    }

    /// Sessions keep the seal key that they were born with, so it stays until the last of them is over; then it may go.
    @Test func anOldSealKeyMayGoWhenNothingNeedsItAnyMore() async throws {
        _ = try await harness.started()
        let both = try harness.seals.appending().promoting(SealNumber(2))
        let keeper = try await harness.started(both)
        let usage = try await keeper.sealUsage()
        #expect(usage.map(\.number) == [SealNumber(1), SealNumber(2)])
        #expect(usage.map(\.signingKeys) == [0, 2])
        #expect(usage.map(\.isCurrent) == [false, true])
        let end = try #require(usage[0].sessionsUntil)
        #expect(end >= harness.clock.now() + KeyHarness.policy.refreshLifetime)
        #expect(!usage[0].isDispensable)
        let without = try both.removing(SealNumber(1))
        await #expect(throws: KeyKeeperError.sealMissing(SealNumber(1), sessionsUntil: end)) { try await harness.started(without) }
        harness.clock.advance(by: end - harness.clock.now())
        try await keeper.tick()
        #expect(try await keeper.sealUsage()[0].isDispensable)
        let after = try await harness.started(without)
        #expect(after.signer != nil)
        #expect(try await after.sealUsage().map(\.number) == [SealNumber(2)])
    }

    @Test func clientSecretsKeepTheirSealKeyInUse() async throws {
        let keeper = try await harness.started()
        let id = try #require(ClientID("client"))
        let hash = KeyedHash(harness.seals).hash(Secret([1, 2, 3]))
        let client = try #require(ClientRecord(id: id, name: "a client", secret: hash, createdAt: harness.clock.now()))
        try await harness.store.commit(WriteBatch(partition: .control, now: harness.clock.now(), writes: [.put(client, over: .absent)]))
        #expect(try await keeper.sealUsage().map(\.clientSecrets) == [1])
        let moved = try await harness.started(harness.seals.appending().promoting(SealNumber(2)))
        harness.clock.advance(by: .seconds(200_000))
        try await moved.tick()
        #expect(try await moved.sealUsage().map(\.isDispensable) == [false, false])
    }

    /// A private half moved to another key's place in the record does not open: it was sealed for its name.
    @Test func aSealedKeyOpensOnlyUnderItsOwnName() async throws {
        _ = try await harness.started()
        let read = try #require(try await harness.ring())
        let spare = try #require(read.record.published)
        var machine = KeyMachine(read.record, policy: KeyHarness.policy)
        let signing = try #require(read.record.signing)
        machine.reseal(signing.id, sealed: try #require(spare.material).sealed)
        try await harness.store.commit(
            WriteBatch(partition: .control, now: harness.clock.now(), writes: [.put(machine.ring, over: read.version)]))
        await #expect(throws: KeyKeeperError.keyDoesNotOpen(signing.id)) { try await harness.started() }
    }
}
