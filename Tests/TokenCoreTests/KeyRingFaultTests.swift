import Testing

@testable import TokenCore

/// A checker that finds nothing proves nothing: each invariant is shown to catch a fault planted in an otherwise good step.
struct KeyRingFaultTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        let claim: String
        let step: KeyRingWorld.Step
        let plant: @Sendable (inout KeyRingWorld, inout KeyRingWorld.Outcome) -> Void
        var testDescription: String { claim }
    }

    static let faults: [Fault] = [
        Fault(claim: "no two keys have one name", step: .wait(.seconds(1))) { world, _ in world.ring.keys.append(world.ring.keys[0]) },
        Fault(claim: "the ring is bounded", step: .wait(.seconds(1))) { world, _ in
            for number in 100..<200 {
                var key = KeyRingWorld.key(number, "A", world.now)
                key.state = .retired(since: world.now, .outlived)
                world.ring.keys.append(key)
            }
        },
        Fault(claim: "at most one key signs", step: .wait(.seconds(1))) { world, _ in world.sign(with: 2) },
        Fault(claim: "at most one unused key is published", step: .wait(.seconds(1))) { world, _ in
            var key = KeyRingWorld.key(100, "A", world.now)
            key.state = .published(.init(sealed: [9]), since: world.now)
            world.ring.keys.append(key)
        },
        Fault(claim: "at most one key is staged", step: .wait(.seconds(1))) { world, _ in
            world.ring.keys += [KeyRingWorld.key(100, "A", world.now), KeyRingWorld.key(101, "A", world.now)]
        },
        Fault(claim: "a published key signs when no other does", step: .wait(.seconds(1))) { world, _ in world.retire(1) },
        Fault(claim: "a staged key is published when no other is", step: .wait(.seconds(1))) { world, _ in
            world.ring.keys[1] = KeyRingWorld.key(2, "A", world.now)
        },
        Fault(claim: "whoever may sign has a private half", step: .wait(.seconds(1))) { world, _ in
            world.ring.keys[1].state = .published(.init(sealed: []), since: world.now)
        },
        Fault(claim: "every key has a public half", step: .wait(.seconds(1))) { world, _ in
            world.ring.keys[1] = RingKey(
                id: KeyRingWorld.id(2), algorithm: "A", publicJWK: [], createdAt: world.now, state: world.ring.keys[1].state)
        },
        Fault(claim: "no key is relieved before it served", step: .wait(.seconds(10_000))) { world, _ in
            world.ring.keys[0].state = .verifying(since: world.now, until: world.now - .seconds(1))
        },
        Fault(claim: "no seal key is counted twice", step: .wait(.seconds(1))) { world, _ in
            world.ring.seals = [SealNumber(1), SealNumber(1)].map { KeyRing.SealUse(number: $0, neededUntil: world.now) }
        },
        Fault(claim: "a key signs before every cache has it", step: .wait(.seconds(999))) { world, _ in
            world.ring.keys[0].state = .verifying(since: world.now, until: .distantFuture)
            world.sign(with: 2)
        },
        Fault(claim: "a live token's key is gone", step: .wait(.seconds(10_000))) { world, _ in world.retire(1) },
        Fault(claim: "a revoked key is accepted", step: .revokeSpare) { world, _ in
            world.ring.keys[1].state = .verifying(since: world.now, until: .distantFuture)
        },
        Fault(claim: "a revocation is not in the log", step: .revokeSpare) { _, outcome in outcome.changes.revocations = [] },
        Fault(claim: "a revocation is forgotten before its tokens", step: .revokeSigning) { world, outcome in
            outcome.changes.revocations = [RevocationEntry(.key(KeyRingWorld.id(1)), expiresAt: world.now + .seconds(2500))]
        },
        Fault(claim: "a key was revoked without an order", step: .wait(.seconds(1))) { world, outcome in
            outcome.changes.revocations = [RevocationEntry(.key(KeyRingWorld.id(1)), expiresAt: world.now)]
        },
        Fault(claim: "a key lived backwards", step: .wait(.seconds(1))) { world, _ in
            world.ring.keys[0].state = .published(.init(sealed: [9]), since: world.now)
        },
        Fault(claim: "a change has no event", step: .wait(.seconds(10_000))) { _, outcome in outcome.changes.events = [] },
        Fault(claim: "an event tells another time", step: .wait(.seconds(10_000))) { _, outcome in
            outcome.changes.events.append(Event(.keySigning, at: .epoch))
        },
        Fault(claim: "a spare is missing and nobody is told", step: .revokeSpare) { _, outcome in outcome.changes.order = nil },
    ]

    @Test(arguments: faults)
    func plantedFaultIsCaught(_ fault: Fault) throws {
        let (start, first) = try #require(KeyRingWorld().taking(.wait(.zero)))
        let world = start.settled(first)
        var (next, outcome) = try #require(world.taking(fault.step))
        #expect(KeyRingChecker.violations(world, fault.step, next, outcome) == [])
        fault.plant(&next, &outcome)
        #expect(KeyRingChecker.violations(world, fault.step, next, outcome).contains(fault.claim))
    }
}

extension KeyRingWorld {
    fileprivate mutating func sign(with number: Int) {
        guard let index = ring.keys.firstIndex(where: { $0.id == Self.id(number) }) else { return }
        ring.keys[index].state = .signing(.init(sealed: [9]), since: now, .init(longestToken: policy.accessLifetime))
    }

    fileprivate mutating func retire(_ number: Int) {
        guard let index = ring.keys.firstIndex(where: { $0.id == Self.id(number) }) else { return }
        ring.keys[index].state = .retired(since: now, .outlived)
    }
}
