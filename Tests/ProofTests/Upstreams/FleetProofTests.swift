import Foundation
import TestSupport
import Testing
import ValkeyServer

extension SharedProofs {
    /// Processes that share the tokens of one issuer through a Valkey: one request per lifetime, and nobody uses what is over or rejected.
    @Suite struct FleetProofTests {
        @Test func oneRequestPerLifetimeWhileTheRefresherIsKilledAgainAndAgain() async throws {
            try await ValkeyServer.run { valkey in
                try await Soak("upstream-fleet", small: 1, large: 200, portion: 5).run { count in
                    for _ in 0..<count {
                        try await Self.fleet(valkey, killsEvery: 2) { fleet in
                            try await fleet.keepUp(for: .seconds(3))
                            let rejected = ContinuousClock.now
                            fleet.rejectNewest()
                            try await fleet.keepUp(for: .seconds(3))
                            #expect(fleet.violations == [])
                            #expect(fleet.needless(besides: [rejected]) == [])
                            #expect(fleet.server.issues.count >= 3, "it lives")
                        }
                    }
                }
            }
        }

        @Test func fleetsOfFiftyProcessesAskOncePerLifetimeToo() async throws {
            let processes = Soak.Wishes.current.isOn ? 50 : 3
            try await ValkeyServer.run { valkey in
                try await Self.fleet(valkey, processes: processes) { fleet in
                    try await fleet.keepUp(for: .seconds(Soak.Wishes.current.isOn ? 60 : 3))
                    #expect(fleet.violations == [])
                    #expect(fleet.needless() == [])
                    #expect(fleet.server.issues.count >= 2, "it lives")
                }
            }
        }

        @Test func callersGoOnWhileTheValkeyIsAway() async throws {
            try await ValkeyServer.run(.valkey, ["--appendonly", "yes"]) { valkey in
                try await Self.fleet(valkey, processes: 3, lifetime: .seconds(1)) { fleet in
                    try await fleet.keepUp(for: .seconds(1))
                    valkey.kill()
                    let away = fleet.server.issues.count
                    try await eventually("tokens without the Valkey") { fleet.server.issues.count >= away + 6 ? true : nil }
                    try await valkey.start()
                    // What was fetched alone is over after a lifetime; then they share again.
                    try await fleet.keepUp(for: .seconds(4))
                    let back = ContinuousClock.now
                    try await fleet.keepUp(for: .seconds(3))
                    #expect(fleet.violations == [])
                    #expect(fleet.needless(since: back) == [])
                }
            }
        }

        @Test func aProcessThatWasStoppedAcrossTheExpiryNeverReturnsTheExpiredToken() async throws {
            try await ValkeyServer.run { valkey in
                try await Self.fleet(valkey, processes: 2, lifetime: .seconds(1)) { fleet in
                    for _ in 0..<2 {
                        let process = try #require(fleet.first)
                        process.child.signal(SIGSTOP)
                        try await Task.sleep(for: .milliseconds(1500))
                        process.child.signal(SIGCONT)
                        try await fleet.keepUp(for: .milliseconds(500))
                    }
                    #expect(fleet.violations == [])
                    #expect(fleet.server.issues.count >= 3, "it lives")
                }
            }
        }

        @Test func processesThatDoNotShareAreCaught() async throws {
            let folder = try UpstreamFolder()
            let plan = UpstreamFleet.Plan(processes: 2, callers: 5, vault: "vault=memory")
            try await UpstreamFleet.run(plan, in: folder) { fleet in
                try await fleet.keepUp(for: .seconds(2))
                #expect(!fleet.needless().isEmpty)
            }
        }

        @Test func aClockThatStandsIsCaught() async throws {
            let folder = try UpstreamFolder()
            let plan = UpstreamFleet.Plan(processes: 1, callers: 5, lifetime: .milliseconds(500), vault: folder.vault, fault: "stoppedClock")
            try await UpstreamFleet.run(plan, in: folder) { fleet in
                try await eventually("an expired token") { fleet.violations.isEmpty ? nil : true }
            }
        }

        private static func fleet(
            _ valkey: ValkeyServer, processes: Int = 8, lifetime: Duration = .seconds(2), killsEvery: Int = 0,
            _ body: (UpstreamFleet) async throws -> Void
        ) async throws {
            try ValkeyCluster.ask(valkey, "FLUSHALL")
            let plan = UpstreamFleet.Plan(
                processes: processes, lifetime: lifetime, killsEvery: killsEvery, vault: "vault=valkey:\(valkey.port)")
            try await UpstreamFleet.run(plan, in: try UpstreamFolder(), body)
        }
    }
}
