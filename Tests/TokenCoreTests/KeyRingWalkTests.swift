import Testing

@testable import TokenCore

/// Every order of events to a depth, and all invariants after each.
struct KeyRingWalkTests {
    static let steps: [KeyRingWorld.Step] =
        KeyRingWorld.waits.map { .wait($0) } + [.rotate, .revokeSigning, .revokeSpare, .revokeVerifying, .switchAlgorithm]

    /// As the keeper drives it: each event is committed with every order carried out.
    @Test func everyOrderOfEventsKeepsEveryInvariant() throws {
        let visited = try walk(depth: 6, steps: Self.steps) { $0.settled($1) }
        #expect(visited > 20_000)
    }

    /// Orders may be late: a key may be missing for as long as it likes, and nothing else may break.
    @Test func lateOrdersKeepEveryInvariant() throws {
        let steps: [KeyRingWorld.Step] = [
            .wait(.seconds(1000)), .wait(.seconds(60_000)), .lengthenTokens, .rotate, .revokeSigning, .revokeSpare, .stage,
        ]
        let visited = try walk(depth: 7, steps: steps) { world, _ in world }
        #expect(visited > 3000)
    }

    /// Breadth first; worlds with the same future are walked on from once. Returns how many steps were checked.
    private func walk(
        depth: Int, steps: [KeyRingWorld.Step], after: (KeyRingWorld, KeyRingWorld.Outcome) -> KeyRingWorld
    ) throws -> Int {
        var frontier: Set<KeyRingWorld> = [KeyRingWorld()]
        if let (world, outcome) = KeyRingWorld().taking(.wait(.zero)) { frontier = [after(world, outcome)] }
        var visited = 0
        for _ in 0..<depth {
            var next: Set<KeyRingWorld> = []
            for world in frontier {
                for step in steps {
                    guard let (changed, outcome) = world.taking(step) else { continue }
                    let broken = KeyRingChecker.violations(world, step, changed, outcome)
                    try #require(broken.isEmpty, "\(broken) after \(step) in \(world)")
                    let settled = after(changed, outcome)
                    try #require(settled.ring.violations().isEmpty)
                    visited += 1
                    next.insert(settled.canonical)
                }
            }
            frontier = next
        }
        return visited
    }
}
