import TestSupport
import Testing

@testable import TokenCore

/// Every order of events to a depth, and all invariants after each.
struct UpstreamWalkTests {
    struct Room: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let policy: UpstreamPolicy
        var mayAbandon = true
    }

    static let ahead = UpstreamPolicy.Refresh.ahead(at: 0.8, jitter: 0.1)
    static let rooms = [
        Room(testDescription: "refreshed ahead by itself", policy: .small(ahead, keepsFresh: true)),
        Room(testDescription: "refreshed ahead by callers", policy: .small(ahead, keepsFresh: false)),
        Room(testDescription: "rotating, by callers", policy: .small(ahead, keepsFresh: false), mayAbandon: false),
        Room(testDescription: "at a fixed interval", policy: .small(.every(.seconds(30)), keepsFresh: true)),
        Room(testDescription: "on demand", policy: .small(.onDemand, keepsFresh: true)),
    ]

    /// Ways that take many steps to where something interesting begins.
    static let beginnings: [[UpstreamWorld.Step]] = [[], [.get, .replyFresh, .wake], [.get, .replyUntil, .invalidate, .fail]]

    @Test(arguments: rooms) func everyOrderOfEventsKeepsEveryInvariant(_ room: Room) throws {
        for beginning in Self.beginnings {
            let first = UpstreamWorld(room.policy, mayAbandon: room.mayAbandon)
            let start = beginning.reduce(first) { $0.taking($1) ?? $0 }
            let walk = Self.walk(start, depth: (Soak.Wishes.current.isOn ? 7 : 5) - (beginning.isEmpty ? 0 : 1))
            #expect(walk.finding == nil, "after \(beginning): \(walk.finding ?? "")")
            #expect(walk.steps > 1000)
        }
    }

    /// A walk that finds nothing proves nothing.
    @Test(arguments: UpstreamFault.allCases) func plantedFaultIsFound(_ fault: UpstreamFault) {
        let walk = Self.walk(UpstreamWorld(.small(Self.ahead, keepsFresh: fault.keepsFresh), fault: fault), depth: 5)
        #expect(walk.finding?.contains(fault.finding) == true, "\(fault) gave \(walk.finding ?? "nothing")")
    }

    /// Breadth first; worlds with the same future are walked on from once.
    ///
    /// - Returns: how many steps were taken, and the first of them that broke something, with the way to it.
    static func walk(_ start: UpstreamWorld, depth: Int) -> (steps: Int, finding: String?) {
        var frontier: [(world: UpstreamWorld, way: [UpstreamWorld.Step])] = [(start, [])]
        var seen: Set<[Int64]> = [start.canonical]
        var steps = 0
        for _ in 0..<depth {
            var next: [(world: UpstreamWorld, way: [UpstreamWorld.Step])] = []
            for (world, way) in frontier {
                for step in UpstreamWorld.Step.allCases {
                    guard let changed = world.taking(step) else { continue }
                    steps += 1
                    if !changed.broken.isEmpty { return (steps, "\(changed.broken) after \(way + [step])") }
                    if seen.insert(changed.canonical).inserted { next.append((changed, way + [step])) }
                }
            }
            frontier = next
        }
        return (steps, nil)
    }
}

extension UpstreamFault {
    /// Where the fault shows soonest.
    var keepsFresh: Bool { [.keptFetchGivenUp, .olderTokenReplacesNewer, .tokenThrownAway, .rejectedTokenInstalled].contains(self) }
}
