import Testing

@testable import TokenCore

struct KeyRingTests {
    private func started(_ change: (inout KeyRingWorld) -> Void = { _ in }) throws -> KeyRingWorld {
        var world = KeyRingWorld()
        change(&world)
        let (ticked, outcome) = try #require(world.taking(.wait(.zero)))
        return ticked.settled(outcome)
    }

    private func take(_ step: KeyRingWorld.Step, _ world: inout KeyRingWorld) throws -> KeyRingWorld.Outcome {
        let (next, outcome) = try #require(world.taking(step))
        #expect(KeyRingChecker.violations(world, step, next, outcome) == [])
        world = next.settled(outcome)
        return outcome
    }

    @Test func theFirstKeySignsAtOnceAndASpareIsPublished() throws {
        let world = try started()
        #expect(world.ring.signing?.id == KeyRingWorld.id(1))
        #expect(world.ring.published?.id == KeyRingWorld.id(2))
        #expect(world.ring.keys.count == 2)
    }

    /// canon 51: a new kid is visible longer than any JWKS cache before it signs.
    @Test func canon51NewKeyIsVisibleForPublishAheadBeforeItSigns() throws {
        var world = try started()
        #expect(try take(.rotate, &world).rotation == .scheduled(world.now + .seconds(1000)))
        _ = try take(.wait(.seconds(999)), &world)
        #expect(world.ring.signing?.id == KeyRingWorld.id(1))
        _ = try take(.wait(.seconds(1)), &world)
        #expect(world.ring.signing?.id == KeyRingWorld.id(2))
        #expect(world.ring.published?.id == KeyRingWorld.id(3))
    }

    /// canon 51: an old kid verifies longer than the longest token after it stopped signing.
    @Test func canon51OldKeyVerifiesLongerThanItsLongestToken() throws {
        var world = try started()
        _ = try take(.lengthenTokens, &world)
        world.policy.accessLifetime = .seconds(60)
        _ = try take(.wait(.seconds(1000)), &world)
        #expect(try take(.rotate, &world).rotation == .done)
        let old = try #require(world.ring[KeyRingWorld.id(1)])
        #expect(old.state == .verifying(since: world.now, until: world.now + .seconds(3200 + 60 + 60 + 1)))
        _ = try take(.wait(.seconds(3320)), &world)
        #expect(world.ring.visible.contains { $0.id == KeyRingWorld.id(1) })
        _ = try take(.wait(.seconds(1)), &world)
        #expect(!world.ring.visible.contains { $0.id == KeyRingWorld.id(1) })
    }

    @Test func keysRotateOnSchedule() throws {
        var world = try started()
        _ = try take(.wait(.seconds(9999)), &world)
        #expect(world.ring.signing?.id == KeyRingWorld.id(1))
        let events = try take(.wait(.seconds(1)), &world).changes.events
        #expect(world.ring.signing?.id == KeyRingWorld.id(2))
        #expect(events.map(\.name) == [.keyVerifying, .keySigning])
    }

    @Test func withoutAScheduleNothingRotates() throws {
        var world = try started { $0.policy.rotateEvery = nil }
        for _ in 0..<10 { _ = try take(.wait(.seconds(50_000)), &world) }
        #expect(world.ring.signing?.id == KeyRingWorld.id(1))
        #expect(world.ring.keys.count == 2)
    }

    /// canon 61: an order repeated because its answer was lost changes nothing more.
    @Test func canon61RepeatedOrderToRotateRotatesOnce() throws {
        var world = try started()
        let scheduled = try take(.rotate, &world).rotation
        #expect(try take(.rotate, &world).rotation == scheduled)
        _ = try take(.wait(.seconds(1000)), &world)
        let ring = world.ring
        #expect(try take(.rotate, &world).rotation == .done)
        #expect(world.ring == ring)
        _ = try take(.wait(.seconds(1000)), &world)
        #expect(try take(.rotate, &world).rotation == .done)
        #expect(world.ring.signing?.id == KeyRingWorld.id(3))
    }

    @Test func aKeyThatStoppedSigningHasNoPrivateHalf() throws {
        var world = try started()
        _ = try take(.wait(.seconds(10_000)), &world)
        #expect(world.ring[KeyRingWorld.id(1)]?.material == nil)
        #expect(world.ring[KeyRingWorld.id(2)]?.material != nil)
    }

    @Test func revokedSigningKeyLeavesAtOnceAndTheSpareTakesOver() throws {
        var world = try started()
        let outcome = try take(.revokeSigning, &world)
        #expect(outcome.revocation == .done)
        #expect(outcome.changes.revocations.map(\.target) == [.key(KeyRingWorld.id(1))])
        #expect(outcome.changes.events.map(\.name) == [.keyRevoked, .keySigning])
        #expect(world.ring.signing?.id == KeyRingWorld.id(2))
        #expect(world.ring.visible.map(\.id) == [KeyRingWorld.id(2), KeyRingWorld.id(3)])
        #expect(world.ring[KeyRingWorld.id(1)]?.state == .retired(since: world.now, .revoked))
        #expect(world.ring[KeyRingWorld.id(1)]?.material == nil)
    }

    @Test func revokingTwiceChangesNothingAndUnknownKeysAreToldApart() throws {
        let world = try started()
        var machine = KeyMachine(world.ring, policy: world.policy)
        _ = machine.revoke(KeyRingWorld.id(1), now: world.now)
        let ring = machine.ring
        let (changes, answer) = machine.revoke(KeyRingWorld.id(1), now: world.now)
        #expect(answer == .already)
        #expect(changes.events.isEmpty && changes.revocations.isEmpty && machine.ring == ring)
        let (_, unknown) = machine.revoke(KeyRingWorld.id(77), now: world.now)
        #expect(unknown == .unknown)
    }

    /// A stolen private half makes tokens of any expiry, so the entry outlives every cache of the key set, not only our own tokens.
    @Test func revocationOfTheSpareIsRememberedLongerThanAnyCache() throws {
        var world = try started { $0.policy.publishAhead = .seconds(9000) }
        let outcome = try take(.revokeSpare, &world)
        let entry = try #require(outcome.changes.revocations.first)
        #expect(entry.expiresAt - world.now > .seconds(9000))
    }

    @Test func anotherAlgorithmIsPublishedFirstAndTakesOverByRotation() throws {
        var world = try started()
        _ = try take(.wait(.seconds(1000)), &world)
        world.policy.algorithm = "B"
        _ = try take(.wait(.zero), &world)
        #expect(world.ring.signing?.algorithm == "A")
        #expect(world.ring.published?.algorithm == "B")
        _ = try take(.wait(.seconds(999)), &world)
        #expect(world.ring.signing?.algorithm == "A")
        _ = try take(.wait(.seconds(1)), &world)
        #expect(world.ring.signing?.algorithm == "B")
        #expect(world.ring.published?.algorithm == "B")
    }

    /// In the middle of a roll-out two instances may want different algorithms: they do not make a key at every tick.
    @Test func twoConfigurationsMakeAtMostOneKeyPerPublishAhead() throws {
        var world = try started()
        for tick in 0..<1000 {
            world.policy.algorithm = tick.isMultiple(of: 2) ? "A" : "B"
            _ = try take(.wait(.seconds(10)), &world)
        }
        #expect(world.made <= 2 + 10_000 / 1000 + 1)
    }

    @Test func retiredKeysAreListedThenDestroyed() throws {
        var world = try started()
        _ = try take(.wait(.seconds(10_000)), &world)
        _ = try take(.wait(.seconds(2621)), &world)
        #expect(world.ring[KeyRingWorld.id(1)]?.state == .retired(since: world.now, .outlived))
        let events = try take(.wait(.seconds(50_000)), &world).changes.events
        #expect(world.ring[KeyRingWorld.id(1)] == nil)
        #expect(events.contains(Event(.keyDestroyed, at: world.now, key: "k1")))
    }

    @Test func theRingIsBoundedWhateverIsOrdered() throws {
        var world = try started { $0.policy.accessLifetime = .seconds(200_000) }
        for _ in 0..<200 {
            _ = try take(.wait(.seconds(1000)), &world)
            _ = try take(.rotate, &world)
            #expect(world.ring.keys.count <= KeyRing.most)
        }
        #expect(world.ring.keys.count == KeyRing.most)
        for _ in 0..<200 {
            _ = try take(.revokeSigning, &world)
            #expect(world.ring.keys.count <= KeyRing.most)
        }
    }

    @Test func aStagedKeyNobodyAskedForIsLeftOut() throws {
        let world = try started()
        var machine = KeyMachine(world.ring, policy: world.policy)
        let changes = machine.stage(KeyRingWorld.key(99, "A", world.now), now: world.now)
        #expect(machine.ring == world.ring)
        #expect(changes.events.isEmpty)
    }

    @Test func aRingIsReadBackAsItWasWritten() throws {
        var world = try started()
        for step: KeyRingWorld.Step in [.wait(.seconds(10_000)), .revokeSpare, .rotate, .wait(.seconds(2621)), .rotate] { _ = try take(step, &world) }
        var machine = KeyMachine(world.ring, policy: world.policy)
        _ = machine.noteSealing(SealNumber(3), now: world.now)
        #expect(machine.ring.seals.count == 1)
        #expect(try read(machine.ring) == machine.ring)
    }

    @Test func damagedRingsAreCorrupt() throws {
        let ring = try started().ring
        let body = ring.encoded()
        for count in 0..<body.count { #expect(throws: StoreError.self, "\(count)") { try read(Array(body.prefix(count))) } }
        #expect(throws: StoreError.self) { try read(body + [0]) }
        #expect(throws: StoreError.self) { try read([2] + body.dropFirst()) }
        var twice = ring
        twice.keys += ring.keys
        #expect(throws: StoreError.self) { try read(twice.encoded()) }
    }

    @Test func sealKeysAreNeededAsLongAsTheLastSessionBornWithThem() {
        let policy = KeyPolicy(refreshLifetime: .seconds(86_400))
        var machine = KeyMachine(KeyRing(), policy: policy)
        let start = UnixTime(seconds: 1_000_000)
        let (old, new) = (SealNumber(1), SealNumber(2))
        let changed = [0, 3600, 3601].map { machine.noteSealing(old, now: start + .seconds($0)) }
        #expect(changed == [true, false, true])
        // Sessions end sooner from now on; those born before keep their end.
        machine = KeyMachine(machine.ring, policy: KeyPolicy(refreshLifetime: .seconds(60)))
        _ = machine.noteSealing(new, now: start + .seconds(4000))
        let end = start + .seconds(3601 + 86_400 + 3600)
        #expect(machine.ring.seals.map(\.neededUntil) == [end, start + .seconds(4000 + 60 + 3600)])
        _ = machine.noteSealing(new, now: end - .seconds(1))
        #expect(machine.ring.seals.map(\.number) == [old, new])
        _ = machine.noteSealing(new, now: end)
        #expect(machine.ring.seals.map(\.number) == [new])
    }

    private func read(_ ring: KeyRing) throws(StoreError) -> KeyRing { try read(ring.encoded()) }
    private func read(_ body: [UInt8]) throws(StoreError) -> KeyRing {
        try KeyRing(
            stored: StoredRecord(
                key: KeyRing.key(for: ()), version: Version(1), body: body, indexKey: nil, expiresAt: .distantFuture, activity: .none))
    }
}
