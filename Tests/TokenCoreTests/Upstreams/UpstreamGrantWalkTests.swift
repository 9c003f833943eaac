import Testing
import TokenCore

/// Every order of events of processes that share a grant, to a depth.
@Suite struct UpstreamGrantWalkTests {
    @Test(arguments: GrantWorld.Issuer.allCases) func noRotationIsEverLostSilently(_ issuer: GrantWorld.Issuer) {
        let (broken, count) = walk(GrantWorld(issuer, processes: 2), depth: 8)
        #expect(broken == nil)
        #expect(count > 1000, "\(count) worlds")
    }

    @Test func withoutTheIntentALossIsSilent() {
        var world = GrantWorld(.refuses, processes: 2)
        world.storesIntent = false
        #expect(walk(world, depth: 7).broken != nil)
    }

    @Test func whereLeasesAreIgnoredAGrantEndsAlthoughNobodyDies() {
        var world = GrantWorld(.ends, processes: 2)
        world.keepsLeases = false
        #expect(walk(world, depth: 5).broken?.hasPrefix("the grant has ended, although nobody was late or died") == true)
    }

    /// Breadth first; a world that was seen is not walked again.
    private func walk(_ start: GrantWorld, depth: Int) -> (broken: String?, count: Int) {
        var seen: Set<[UInt8]> = [start.canonical]
        var edge: [(world: GrantWorld, way: String)] = [(start, "")]
        for _ in 0..<depth {
            var next: [(world: GrantWorld, way: String)] = []
            for (world, way) in edge {
                for (step, name) in steps(of: world) {
                    if let broken = step.broken { return ("\(broken):\(way) \(name)", seen.count) }
                    if seen.insert(step.canonical).inserted { next.append((step, way + " " + name)) }
                }
            }
            edge = next
        }
        return (nil, seen.count)
    }

    private func steps(of world: GrantWorld) -> [(GrantWorld, String)] {
        var steps: [(GrantWorld, String)] = []
        for process in world.phases.indices {
            for event in GrantWorld.Event.allCases {
                var next = world
                if next.happen(event, to: process) { steps.append((next, "\(event)\(process)")) }
            }
        }
        var later = world
        later.passTime()
        return steps + [(later, "time")]
    }
}
