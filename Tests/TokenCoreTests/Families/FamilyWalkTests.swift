import Testing
import TokenCore

/// Every order of events to a depth, with every promise checked after every step.
@Suite struct FamilyWalkTests {
    /// The times are chosen so that every end can come before every other.
    static func policy(
        access: Int64 = 120, session: Int64 = 600, autoLogout: Int64? = 100, grace: Int64 = 10, most: Int = 0
    ) -> SessionPolicy {
        SessionPolicy(
            accessLifetime: .seconds(access), refreshLifetime: .seconds(session), autoLogout: autoLogout.map { .seconds($0) },
            refreshGrace: .seconds(grace), maxPerSubject: most)
    }

    static let policies: [String: SessionPolicy] = [
        "as usual": policy(autoLogout: nil), "auto_logout": policy(), "no grace": policy(autoLogout: nil, grace: 0),
        "access outlives the session": policy(access: 900, session: 300, autoLogout: nil), "at most one": policy(most: 1),
        "at most two": policy(autoLogout: nil, most: 2),
    ]

    @Test(arguments: policies.keys.sorted())
    func noOrderOfEventsBreaksAPromise(_ name: String) throws {
        // The login is a step as well: six in a row, seven where every end can come before every other.
        let walk = Walk(try #require(Self.policies[name]), depth: name == "auto_logout" ? 6 : 5, sessions: 1)
        #expect(walk.finding == nil)
        #expect(walk.visited > 500)
    }

    @Test(arguments: policies.keys.sorted())
    func noOrderOfEventsOfThreeSessionsBreaksAPromise(_ name: String) throws {
        let walk = Walk(try #require(Self.policies[name]), depth: 4, sessions: 3)
        #expect(walk.finding == nil)
        #expect(walk.visited > 500)
    }

    @Test func theMachineDoesNotRestOnTheStoresExpiry() {
        let walk = Walk(Self.policy(), depth: 5, sessions: 1, keepsExpired: true)
        #expect(walk.finding == nil)
    }

    /// Faults that only two requests at once can show: `RequestPairTests` plants them.
    static let racesOnly: Set<World.Fault> = [.ignoresVersions, .readsFamiliesFirst]

    @Test(arguments: World.Fault.allCases.filter { !racesOnly.contains($0) })
    func everyPlantedFaultIsFound(_ fault: World.Fault) {
        let walk = Walk(Self.policy(most: fault == .ignoresLimit ? 1 : 0), depth: 5, sessions: 2, fault: fault)
        #expect(walk.finding != nil)
    }
}
