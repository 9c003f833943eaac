import TestSupport
import Testing

extension SharedProofs {
    /// The races of `RaceProofTests`, over the connections of one and of three instances: only the store can decide them.
    @Suite struct SharedRaceProofTests {
        private static let checker = HistoryChecker(grace: .seconds(30), slack: .seconds(1), staleness: .seconds(2))
        private static let settings = ["auth.max_staleness": "2s"]

        @Test(arguments: Deployment.shared) func theStoreDecidesEveryRace(_ deployment: Deployment) async throws {
            try await Soak("shared-race-\(deployment.rawValue)", small: 6, large: 2_000, portion: 200).run { rounds in
                try await deployment.use(Self.settings) { instances in
                    try await race(instances.services(24), rounds: rounds)
                    try await instances.restart(["sessions.max_per_subject": "1"])
                    for round in 0..<max(2, rounds / 20) {
                        #expect(await Races(instances.services(12), Recorder()).loginTogether(user: Int64(round)) == 1)
                    }
                    try await instances.restart(["sessions.max_per_subject": "0", "auth.refresh_grace": "0"])
                    let recorder = Recorder()
                    for round in 0..<max(2, rounds / 20) {
                        #expect(await Races(instances.services(12), recorder).refreshTogether(user: Int64(round)).count == 1)
                    }
                    let strict = HistoryChecker(grace: .zero, slack: .seconds(1), staleness: .seconds(2))
                    #expect(strict.violations(in: recorder.history) == [])
                }
            }
        }

        private func race(_ services: [InstanceService], rounds: Int) async throws {
            let recorder = Recorder(), races = Races(services, recorder)
            for round in 0..<rounds {
                let user = Int64(round)
                let successors = await races.refreshTogether(user: user)
                #expect(successors.count == 1, "\(successors.count) successors")
                for _ in 0..<4 {
                    await races.refreshAgainstEnd(user: user, all: round.isMultiple(of: 2))
                    await races.loginAgainstEnd(user: user)
                }
                await races.endWhileAllAsk(user: user, all: round.isMultiple(of: 2))
            }
            let history = recorder.history
            let violations = Self.checker.violations(in: history)
            #expect(violations.isEmpty, "\(violations.prefix(3))")
            #expect(history.count { $0.answer == .unknown } == 0, "an instance did not answer everything")
            #expect(history.count { $0.answer == .refused } >= 4 * rounds, "nothing was ended")
        }
    }
}
