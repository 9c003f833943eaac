import TestSupport
import Testing

extension Proofs {
    /// One of three instances is killed under load, again and again: what it acknowledged is there at the others, who go on.
    @Suite struct SharedCrashProofTests {
        @Test(arguments: SharedPlace.Shape.allCases) func whatAKilledInstanceAcknowledgedHolds(_ shape: SharedPlace.Shape) async throws {
            try await Soak("shared-crash-\(shape.rawValue)", small: 3, large: 100, portion: 10).run { kills in
                try await SharedPlace.use(shape) { place in
                    try await Instances.use(3, on: place, FaultRun.settings) { instances in
                        _ = try await FaultRun(instances).run { run in
                            for kill in 0..<kills {
                                try await run.progress(100)
                                await instances[kill].kill()
                                try await run.progress(50)
                                try await instances[kill].start()
                            }
                        }
                    }
                }
            }
        }
    }
}
