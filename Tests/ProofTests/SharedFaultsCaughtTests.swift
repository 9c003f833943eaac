import Testing
import ValkeyServer

extension SharedProofs {
    /// The same clients, instances and checker as in the proofs of a shared store, over a store that is broken on purpose: each fault is caught.
    @Suite struct SharedFaultsCaughtTests {
        @Test func aStoreThatIgnoresCompareAndSwapIsCaught() async throws {
            try await falsified("if version ~= ARGV[at + 2] then return 0 end", "if version ~= ARGV[at + 2] then n = n+0  end") { instances in
                let checker = HistoryChecker(grace: .seconds(30), slack: .seconds(1), staleness: FaultRun.staleness)
                for user in 0..<Int64(300) {
                    let recorder = Recorder()
                    await Races(instances.services(3), recorder).refreshAgainstEnd(user: user, all: false)
                    let found = checker.violations(in: recorder.history)
                    if found.contains(where: { if case .acceptedAfterItsEnd = $0 { true } else { false } }) { return }
                }
                Issue.record("three hundred races had no loser")
            }
        }

        @Test func aRevocationThatIsNotWrittenIntoTheLogIsCaught() async throws {
            try await falsified("if r > 0 then", "if r > 9 then") { instances in
                let run = FaultRun(instances)
                let history = try await run.recorded { try await $0.progress(200) }
                #expect(
                    run.violations(in: history).contains { violation in
                        if case .acceptedAfterItsEnd(let operation) = violation, case .authenticate = operation.action { true } else { false }
                    })
            }
        }

        /// Its opposite is the proof of the failover: there a replica acknowledges.
        @Test func anAcknowledgementThatIsNotWaitedForIsCaught() async throws {
            // What is lost is seen by who asks for it again, which is a matter of chance.
            for _ in 0..<5 where try await !afterALostPrimary(FaultRun.settings).isEmpty { return }
            Issue.record("five lost primaries lost nothing")
        }

        @Test func whatIsAcknowledgedByAReplicaSurvivesTheSame() async throws {
            let violations = try await afterALostPrimary(FaultRun.replicated)
            #expect(violations.isEmpty, "\(violations.prefix(3))")
        }

        /// The replica no longer follows, nobody knows, and then it takes over.
        private func afterALostPrimary(_ settings: [String: String]) async throws -> Set<Violation> {
            try await SharedPlace.usePair { place in
                try await Instances.use(3, on: place, settings, proxied: true) { instances in
                    let run = FaultRun(instances), replica = place.servers[1]
                    let history = try await run.recorded { run in
                        try await run.progress(100)
                        try replica.ask("REPLICAOF NO ONE")
                        // With acknowledgements none comes; without, all are given as if nothing had happened.
                        let asked = run.recorder.history.count
                        try await eventually("more requests") { run.recorder.history.count > asked + 100 ? true : nil }
                        place.primary.kill()
                        // Nobody is there to acknowledge what comes now either way.
                        for member in instances.members { await member.kill() }
                        for member in instances.members {
                            member.proxy?.lead(to: replica.port)
                            try await member.start(["store.acknowledge": "memory", "store.replicas": ""])
                        }
                    }
                    return run.violations(in: history)
                }
            }
        }

        /// Three instances whose commit script is another one than they sent.
        private func falsified(_ original: String, _ replacement: String, _ body: (Instances) async throws -> Void) async throws {
            try await SharedPlace.use(.single) { place in
                let forgeries = [StoreProxy.Forgery(original, replacement)]
                try await Instances.use(3, on: place, FaultRun.settings, proxied: true, forgeries: forgeries, body)
            }
        }
    }
}
