import Testing
import TokenCore
import TokenEngine

/// The same races as in `RaceProofTests`, run over engines that are broken on purpose: each fault must be caught, and an honest engine must pass.
@Suite struct PlantedFaultTests {
    private static let rounds = 300

    @Test func anHonestEnginePassesEveryRace() async throws {
        let recorder = Recorder()
        let races = Races(try await EngineService.make(InMemoryStore(), loops: (0..<8).map { _ in LoopView() }), recorder)
        for round in 0..<20 {
            let user = Int64(round)
            #expect(await races.refreshTogether(user: user).count == 1)
            await races.refreshAgainstEnd(user: user, all: round.isMultiple(of: 2))
            await races.loginAgainstEnd(user: user)
            await races.endWhileAllAsk(user: user, all: round.isMultiple(of: 2))
        }
        #expect(HistoryChecker(grace: .seconds(30)).violations(in: recorder.history) == [])
    }

    @Test func aStoreThatIgnoresCompareAndSwapLetsATokenWorkTwice() async throws {
        let store = CarelessStore { $0 == .family }
        let found = try await violations(store, policy: SessionPolicy(refreshGrace: .zero)) { races, user in
            _ = await races.refreshTogether(user: user)
        }
        #expect(found.contains { if case .workedTwice = $0 { true } else { false } })
    }

    @Test func aStoreThatIgnoresCompareAndSwapLetsASessionOutliveItsLogout() async throws {
        let store = CarelessStore { $0 == .family }
        let found = try await violations(store) { races, user in await races.refreshAgainstEnd(user: user, all: false) }
        #expect(found.contains { if case .acceptedAfterItsEnd = $0 { true } else { false } })
    }

    @Test func aLoopThatIgnoresEpochsIsCaught() async throws {
        let deaf = LoopView { if case .subject = $0.target { false } else { true } }
        let found = try await violations(InMemoryStore(), loops: [LoopView(), LoopView(), deaf]) { races, user in
            await races.endWhileAllAsk(user: user, all: true)
        }
        #expect(found.contains { if case .acceptedAfterItsEnd = $0 { true } else { false } })
    }

    @Test func oneLoopOfManyThatIsNotToldIsCaught() async throws {
        let deaf = LoopView { _ in false }
        let found = try await violations(InMemoryStore(), loops: (0..<7).map { _ in LoopView() } + [deaf]) { races, user in
            await races.endWhileAllAsk(user: user, all: false)
        }
        #expect(found.contains { if case .acceptedAfterItsEnd = $0 { true } else { false } })
    }

    @Test func aStoreThatIgnoresTheSubjectsVersionBreaksTheLimit() async throws {
        // Two engines share no queue, as two instances of a server do not: only the store can keep the limit.
        let store = CarelessStore { $0 == .subject || $0 == .family }
        let policy = SessionPolicy(maxPerSubject: 1)
        var most = 0
        for user in 0..<Int64(Self.rounds) where most < 2 {
            var services: [EngineService] = []
            for _ in 0..<4 { services += try await EngineService.make(store, loops: [LoopView()], policy: policy) }
            await withTaskGroup(of: Void.self) { group in
                for service in services { group.addTask { _ = await service.login(user) } }
            }
            guard let subject = Subject(integer: user) else { continue }
            most = max(most, try await services[0].engine.sessions(of: subject, after: nil, limit: 100).sessions.count)
        }
        #expect(most > 1)
    }

    /// Races until something is found.
    private func violations(
        _ store: any TokenEngine.Store, loops: [LoopView] = (0..<8).map { _ in LoopView() }, policy: SessionPolicy = SessionPolicy(),
        _ race: (Races<EngineService>, Int64) async -> Void
    ) async throws -> Set<Violation> {
        let services = try await EngineService.make(store, loops: loops, policy: policy)
        for user in 0..<Int64(Self.rounds) {
            let recorder = Recorder()
            await race(Races(services, recorder), user)
            let found = HistoryChecker(grace: policy.refreshGrace).violations(in: recorder.history)
            if !found.isEmpty { return found }
        }
        return []
    }
}
