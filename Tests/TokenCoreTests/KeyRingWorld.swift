@testable import TokenCore

/// A key ring, its time, and what everybody outside has to rely on: the tokens that were given out and the keys that were seen.
struct KeyRingWorld: Hashable {
    /// Everything that can happen.
    enum Step: Hashable, CustomStringConvertible {
        case wait(Duration), stage, rotate, revokeSigning, revokeSpare, revokeVerifying, switchAlgorithm, lengthenTokens

        var description: String {
            switch self {
            case .wait(let duration): "wait \(duration)"
            case .stage: "stage"
            case .rotate: "rotate"
            case .revokeSigning: "revoke signing"
            case .revokeSpare: "revoke spare"
            case .revokeVerifying: "revoke verifying"
            case .switchAlgorithm: "switch algorithm"
            case .lengthenTokens: "lengthen tokens"
            }
        }
    }

    static let policy = KeyPolicy(
        algorithm: "A", rotateEvery: .seconds(10_000), publishAhead: .seconds(1000), accessLifetime: .seconds(2500),
        lag: .seconds(60), remembered: .seconds(50_000))
    /// Just too short for a new key to sign, just long enough for an old one to retire, and a whole rotation.
    static let waits: [Duration] = [.seconds(999), .seconds(2621), .seconds(10_000)]

    var ring = KeyRing()
    var policy = Self.policy
    var now = UnixTime(seconds: 1_000_000)
    var made = 0
    /// When the last token of each key is no longer accepted by anybody, the leeway included, on whichever instance it was minted.
    var tokens: [KeyID: UnixTime] = [:]
    /// Since when each key has been in the key set.
    var seenSince: [KeyID: UnixTime] = [:]
    var revoked: Set<KeyID> = []

    /// What a step gave back.
    struct Outcome {
        var changes = KeyMachine.Changes()
        var rotation: KeyMachine.Rotation?
        var revocation: KeyMachine.Revocation?
    }

    /// The world after a step; nil when the step makes no sense in it.
    func taking(_ step: Step) -> (KeyRingWorld, Outcome)? {
        var world = self
        var outcome = Outcome()
        if case .wait(let duration) = step { world.now = now + duration }
        if step == .switchAlgorithm { world.policy.algorithm = policy.algorithm == "A" ? "B" : "A" }
        if step == .lengthenTokens { world.policy.accessLifetime = policy.accessLifetime + .seconds(700) }
        var machine = KeyMachine(ring, policy: world.policy)
        switch step {
        case .wait, .switchAlgorithm, .lengthenTokens: outcome.changes = machine.tick(now: world.now)
        case .stage:
            guard ring.published == nil else { return nil }
            world.made += 1
            outcome.changes = machine.stage(Self.key(world.made, world.policy.algorithm, world.now), now: world.now)
        case .rotate:
            let (changes, rotation) = machine.rotate(now: world.now)
            (outcome.changes, outcome.rotation) = (changes, rotation)
        case .revokeSigning, .revokeSpare, .revokeVerifying:
            guard let id = target(of: step) else { return nil }
            let (changes, revocation) = machine.revoke(id, now: world.now)
            (outcome.changes, outcome.revocation) = (changes, revocation)
            world.revoked.insert(id)
        }
        world.ring = machine.ring
        world.noteWhatOthersSee(before: self)
        return (world, outcome)
    }

    /// Carries out every order, as the keeper does before it commits.
    func settled(_ outcome: Outcome) -> KeyRingWorld {
        guard outcome.changes.order != nil, let (next, outcome) = taking(.stage) else { return self }
        return next.settled(outcome)
    }

    static func key(_ number: Int, _ algorithm: String, _ now: UnixTime) -> RingKey {
        RingKey(id: id(number), algorithm: algorithm, publicJWK: [UInt8(truncatingIfNeeded: number), 1], sealed: [9], createdAt: now)
    }

    static func id(_ number: Int) -> KeyID {
        guard let id = KeyID("k\(number)") else { preconditionFailure("a key id of a test is not valid") }
        return id
    }

    private func target(of step: Step) -> KeyID? {
        switch step {
        case .revokeSigning: ring.signing?.id
        case .revokeSpare: ring.published?.id
        case .revokeVerifying: ring.keys.first { if case .verifying = $0.state { true } else { false } }?.id
        default: nil
        }
    }

    /// The key that signs gives out the longest token; one just relieved does so once more, on an instance that has not noticed.
    private mutating func noteWhatOthersSee(before: KeyRingWorld) {
        for key in ring.visible where seenSince[key.id] == nil { seenSince[key.id] = now }
        if let key = ring.signing { give(key.id, until: now) }
        if let key = before.ring.signing, ring.signing?.id != key.id { give(key.id, until: now + policy.lag, lifetime: before.policy.accessLifetime) }
        tokens = tokens.filter { $0.value > now && !revoked.contains($0.key) }
    }

    private mutating func give(_ id: KeyID, until last: UnixTime, lifetime: Duration? = nil) {
        tokens[id] = max(tokens[id] ?? .epoch, last + (lifetime ?? policy.accessLifetime) + SessionPolicy.mostLeeway)
    }
}
