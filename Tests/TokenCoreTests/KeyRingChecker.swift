@testable import TokenCore

/// Says what a step broke. Knows nothing of how the machine works, only what the outside may rely on.
enum KeyRingChecker {
    static func violations(
        _ before: KeyRingWorld, _ step: KeyRingWorld.Step, _ after: KeyRingWorld, _ outcome: KeyRingWorld.Outcome
    ) -> [String] {
        after.ring.violations() + signing(before, after) + acceptance(after) + revocation(before, after, outcome)
            + lives(before, after, outcome.changes) + orders(after, outcome.changes)
    }

    /// canon 51, first half: a new kid is visible longer than any cache of the key set before it signs.
    private static func signing(_ before: KeyRingWorld, _ after: KeyRingWorld) -> [String] {
        guard let key = after.ring.signing, before.ring.signing?.id != key.id else { return [] }
        let relieved = before.ring.signing
        if relieved == nil || relieved.map({ after.revoked.contains($0.id) }) == true { return [] }
        let visible = after.now - (before.seenSince[key.id] ?? after.now)
        return visible >= after.policy.publishAhead ? [] : ["a key signs before every cache has it"]
    }

    /// canon 51, second half: an old kid verifies longer than the longest token that it signed.
    private static func acceptance(_ after: KeyRingWorld) -> [String] {
        let visible = Set(after.ring.visible.map(\.id))
        return after.tokens.contains { $0.value > after.now && !visible.contains($0.key) } ? ["a live token's key is gone"] : []
    }

    private static func revocation(_ before: KeyRingWorld, _ after: KeyRingWorld, _ outcome: KeyRingWorld.Outcome) -> [String] {
        var found: [String] = []
        if after.ring.visible.contains(where: { after.revoked.contains($0.id) }) { found.append("a revoked key is accepted") }
        for id in after.revoked.subtracting(before.revoked) {
            let entry = outcome.changes.revocations.first { $0.target == .key(id) }
            if entry == nil { found.append("a revocation is not in the log") }
            let live = max(before.tokens[id] ?? .epoch, after.now + after.policy.publishAhead)
            if let entry, entry.expiresAt < live { found.append("a revocation is forgotten before its tokens") }
        }
        if after.revoked == before.revoked, !outcome.changes.revocations.isEmpty { found.append("a key was revoked without an order") }
        return found
    }

    private static func lives(_ before: KeyRingWorld, _ after: KeyRingWorld, _ changes: KeyMachine.Changes) -> [String] {
        var found: [String] = []
        for old in before.ring.keys {
            let new = after.ring[old.id]
            if let new, rank(new) < rank(old) { found.append("a key lived backwards") }
            if new.map(rank) ?? 6 != rank(old), !changes.events.contains(where: { $0.key == old.id.text }) { found.append("a change has no event") }
        }
        for new in after.ring.keys where before.ring[new.id] == nil {
            if !changes.events.contains(where: { $0.key == new.id.text && $0.name == .keyStaged }) { found.append("a change has no event") }
        }
        if changes.events.contains(where: { $0.at != after.now }) { found.append("an event tells another time") }
        return found
    }

    private static func orders(_ after: KeyRingWorld, _ changes: KeyMachine.Changes) -> [String] {
        (changes.order == nil) == (after.ring.published != nil && after.ring.signing != nil) ? [] : ["a spare is missing and nobody is told"]
    }

    private static func rank(_ key: RingKey) -> Int {
        switch key.state {
        case .staged: 1
        case .published: 2
        case .signing: 3
        case .verifying: 4
        case .retired: 5
        }
    }
}
