import TestSupport
import Testing

extension Proofs {
    /// Many connections race for one thing (canon 27): exactly one outcome, and nothing alive that was ended.
    @Suite struct RaceProofTests {
        /// What is raced at a time, each on users of its own.
        private static let lanes = 8

        @Test func parallelRefreshesOfOneTokenHaveOneSuccessor() async throws {
            try await Soak("race-refresh", small: 5, large: 1_000, portion: 100).run { rounds in
                try await withServer(connections: 64) { services in
                    let recorder = Recorder()
                    for round in 0..<rounds {
                        #expect(await Races(services, recorder).refreshTogether(user: Int64(round)).count == 1)
                    }
                    #expect(recorder.history.count { $0.grantedToken != nil } == 65 * rounds, "somebody got no successor")
                    #expect(HistoryChecker(grace: .seconds(30)).violations(in: recorder.history) == [])
                }
            }
        }

        @Test func withoutGraceOneOfManyRefreshesWinsAndTheSessionIsOver() async throws {
            try await withServer(["auth.refresh_grace": "0"], connections: 16) { services in
                let recorder = Recorder()
                for round in 0..<10 {
                    #expect(await Races(services, recorder).refreshTogether(user: Int64(round)).count == 1)
                }
                #expect(HistoryChecker(grace: .zero).violations(in: recorder.history) == [])
            }
        }

        @Test func refreshRacingAnEndLeavesNothingAlive() async throws {
            try await race("race-end", small: 400, large: 100_000) { races, round, user in
                await races.refreshAgainstEnd(user: user, all: round.isMultiple(of: 2))
            }
        }

        @Test func aLoginIsBeforeOrAfterAnEndOfAllAndStaysThere() async throws {
            try await race("race-login", small: 200, large: 20_000) { races, _, user in await races.loginAgainstEnd(user: user) }
        }

        @Test func anAcknowledgedEndIsEnforcedOnEveryConnection() async throws {
            try await Soak("race-loops", small: 40, large: 5_000, portion: 500).run { rounds in
                try await withServer(["server.max_processors": "4"], connections: 32) { services in
                    let recorder = Recorder()
                    for round in 0..<rounds {
                        await Races(services, recorder).endWhileAllAsk(user: Int64(round), all: round.isMultiple(of: 2))
                    }
                    #expect(HistoryChecker(grace: .seconds(30)).violations(in: recorder.history) == [])
                    #expect(recorder.history.count { $0.answer == .unknown } == 0)
                }
            }
        }

        @Test func parallelLoginsLeaveOneSessionWhereOneIsAllowed() async throws {
            try await Soak("race-limit", small: 3, large: 500, portion: 100).run { rounds in
                try await withServer(["sessions.max_per_subject": "1"], connections: 64) { services in
                    for round in 0..<rounds {
                        #expect(await Races(services, Recorder()).loginTogether(user: Int64(round)) == 1)
                    }
                }
            }
        }

        /// Races on many lanes at once, three connections each, and judges what was seen.
        private func race(
            _ name: String, small: Int, large: Int, _ body: @escaping @Sendable (Races<HTTPService>, Int, Int64) async -> Void
        ) async throws {
            try await Soak(name, small: small, large: large, portion: 5_000).run { rounds in
                try await withServer(connections: 3 * Self.lanes) { services in
                    let recorder = Recorder()
                    await withTaskGroup(of: Void.self) { group in
                        for lane in 0..<Self.lanes {
                            let races = Races(Array(services[(3 * lane)..<(3 * lane + 3)]), recorder)
                            group.addTask {
                                for round in 0..<(rounds / Self.lanes) { await body(races, round, Int64(lane)) }
                            }
                        }
                    }
                    #expect(HistoryChecker(grace: .seconds(30)).violations(in: recorder.history) == [])
                    #expect(recorder.history.count { $0.answer == .unknown } == 0, "the server did not answer everything")
                    #expect(recorder.history.count { $0.answer == .refused } >= rounds, "nothing was ended")
                }
            }
        }

        private func withServer(
            _ settings: [String: String] = [:], connections: Int, _ body: ([HTTPService]) async throws -> Void
        ) async throws {
            try await DataFolder.use { folder in
                try await ServerProcess.use(folder, settings) { server in
                    try await body(try await HTTPConnection.open(connections, port: server.port).map(HTTPService.init))
                }
            }
        }
    }
}
