import TestSupport
import Testing

extension SharedProofs {
    /// An instance is killed under load, again and again: what it acknowledged is there at the others, who go on, and when it is back.
    @Suite struct SharedCrashProofTests {
        @Test(arguments: Deployment.shared) func whatAKilledInstanceAcknowledgedHolds(_ deployment: Deployment) async throws {
            try await Soak("shared-crash-\(deployment.rawValue)", small: 2, large: 100, portion: 10).run { kills in
                try await deployment.use(FaultRun.settings) { instances in
                    _ = try await FaultRun(instances).run { run in
                        for kill in 0..<kills {
                            try await run.progress(100)
                            await instances[kill].kill()
                            if instances.members.count > 1 { try await run.progress(50) }
                            try await instances[kill].start()
                        }
                        try await run.progress(50)
                    }
                }
            }
        }
    }
}
