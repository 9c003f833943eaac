import Testing
import TokenCore

/// Canon 27: two requests at once, every order of their reads and commits, clocks that differ by a millisecond either way.
@Suite struct RequestPairTests {
    /// The clocks of two requests that are under way together.
    static let clocks: [(Int64, Int64)] = [(1000, 1000), (1000, 1001), (1001, 1000)]

    /// A world with sessions, the oldest refreshed once, so that there is a current token, a previous and an unused one.
    static func world(
        grace: Int64 = 10, most: Int = 0, sessions: Int = 1, fault: World.Fault? = nil
    ) throws -> World {
        var world = World(policy: FamilyWalkTests.policy(autoLogout: nil, grace: grace, most: most), fault: fault)
        for _ in 0..<sessions {
            _ = try world.perform(.login)
            world.now = world.now + .milliseconds(1)
        }
        if let first = world.sessions.first { _ = try world.perform(.refresh(first, 0)) }
        world.now = World.birth + .seconds(100)
        return world
    }

    static func outcomes(_ world: World, _ one: World.Order, _ two: World.Order) throws -> [World.Outcome] {
        var found: [World.Outcome] = []
        for (a, b) in clocks {
            var world = world
            let start = world.now
            world.now = start + .milliseconds(1001)
            found += try world.interleave(
                Flight(one, now: start + .milliseconds(a)), Flight(two, now: start + .milliseconds(b)))
        }
        return found
    }

    @Test func twoRefreshesOfOneTokenGiveOneSuccessor() throws {
        let world = try Self.world()
        let id = try #require(world.sessions.first)
        let outcomes = try Self.outcomes(world, .refresh(id, 1), .refresh(id, 1))
        #expect(outcomes.count > 100)
        for outcome in outcomes {
            #expect(outcome.first == .pair(id, 2) && outcome.second == .pair(id, 2))
        }
    }

    @Test func twoRefreshesWithoutAGraceWindowGiveOnePairAndEndTheFamily() throws {
        let world = try Self.world(grace: 0)
        let id = try #require(world.sessions.first)
        for outcome in try Self.outcomes(world, .refresh(id, 1), .refresh(id, 1)) {
            #expect(Set([outcome.first, outcome.second]) == [.pair(id, 2), .refused])
            #expect(outcome.world.store.dead == [id])
        }
    }

    @Test func refreshOfTheCurrentRacingThePreviousNeverForks() throws {
        let world = try Self.world()
        let id = try #require(world.sessions.first)
        for outcome in try Self.outcomes(world, .refresh(id, 1), .refresh(id, 0)) {
            #expect(outcome.second == .refused)
            #expect(outcome.world.store.dead == [id])
        }
    }

    @Test(arguments: [World.Order.logoutAll, .logout(World.first), .endOne(World.first)])
    func refreshRacingAnEndLeavesNothingAlive(_ end: World.Order) throws {
        let world = try Self.world()
        let id = try #require(world.sessions.first)
        try #require(id == World.first)
        var answers: Set<World.Answer> = []
        for outcome in try Self.outcomes(world, .refresh(id, 1), end) {
            #expect(outcome.second == .done)
            #expect(outcome.world.store.dead.contains(id))
            answers.insert(outcome.first)
        }
        #expect(answers == [.pair(id, 2), .refused], "either may come first")
    }

    @Test func retryRacingAnEndLeavesNothingAlive() throws {
        var world = try Self.world()
        let id = try #require(world.sessions.first)
        _ = try world.perform(.refresh(id, 1))
        for end in [World.Order.logoutAll, .logout(id), .endOne(id)] {
            for outcome in try Self.outcomes(world, .refresh(id, 1), end) {
                #expect(outcome.second == .done)
                #expect(outcome.world.store.dead.contains(id))
            }
        }
    }

    @Test(arguments: 0...3)
    func loginRacingTheEndOfAllLeavesOnlyItselfAlive(_ most: Int) throws {
        let world = try Self.world(most: most, sessions: 2)
        for outcome in try Self.outcomes(world, .login, .logoutAll) {
            #expect(outcome.second == .done)
            guard case .pair(let born, 0) = outcome.first else { Issue.record("a login was answered \(outcome.first)"); continue }
            #expect(outcome.world.store.dead.isSuperset(of: world.sessions))
            #expect(outcome.world.sessions.filter { !outcome.world.store.dead.contains($0) } == [born] || outcome.world.store.dead.contains(born))
        }
    }

    @Test(arguments: 1...3, 0...3)
    func twoLoginsAtOnceKeepToTheLimit(_ most: Int, _ before: Int) throws {
        let world = try Self.world(most: most, sessions: before)
        for outcome in try Self.outcomes(world, .login, .login) {
            #expect(outcome.first != outcome.second)
            #expect(outcome.world.sessions.count { !outcome.world.store.dead.contains($0) } == min(most, before + 2))
        }
    }

    @Test func twoEndsOfAllAreBothDone() throws {
        let world = try Self.world(sessions: 3)
        for outcome in try Self.outcomes(world, .logoutAll, .logoutAll) {
            #expect(outcome.first == .done && outcome.second == .done)
            #expect(outcome.world.store.dead == Set(world.sessions))
        }
    }

    @Test(arguments: [World.Fault.ignoresVersions, .ignoresEpoch, .ignoresLimit, .readsFamiliesFirst, .losesEnds, .forgetsRevocationEntry])
    func everyPlantedRaceIsFound(_ fault: World.Fault) throws {
        let pairs: [(World.Order, World.Order)] = [
            (.refresh(World.first, 1), .logout(World.first)), (.refresh(World.first, 1), .logoutAll), (.login, .login),
        ]
        let found = pairs.contains { breaks(fault, $0, $1, sessions: 1) || breaks(fault, $0, $1, sessions: 0) }
        #expect(found, "\(fault) went unnoticed")
        #expect(!pairs.contains { breaks(nil, $0, $1, sessions: 1) || breaks(nil, $0, $1, sessions: 0) })
    }

    private func breaks(_ fault: World.Fault?, _ one: World.Order, _ two: World.Order, sessions: Int) -> Bool {
        do {
            _ = try Self.outcomes(Self.world(most: 1, sessions: sessions, fault: fault), one, two)
            return false
        } catch {
            return error is Violation
        }
    }
}

extension World {
    /// The session that the first login of a world begins.
    static var first: SessionID { SessionID(birth: birth, partition: partition, random: 1) }
}
