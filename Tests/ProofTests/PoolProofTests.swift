import TestSupport
import Testing

extension SharedProofs {
    /// Sixty-four workers at twenty tokens, some of them late and some of them liars: whatever dies, no token has two holders, and none is lost.
    @Suite struct PoolProofTests {
        @Test func noTokenIsHeldTwiceWhateverDies() async throws {
            try await runOverACluster("pool-shared", parts: 1)
        }

        /// The tokens are on all primaries: one that is lost takes some along for as long, and the others are served.
        @Test func noTokenOfAPoolOfPartsIsHeldTwiceWhateverDies() async throws {
            try await runOverACluster("pool-parts", parts: 8)
        }

        private func runOverACluster(_ soak: String, parts: Int) async throws {
            try await Soak(soak, small: 1, large: 100, portion: 5).run { runs in
                try await SharedPlace.use(.cluster) { place in
                    try await Instances.use(3, on: place, FaultRun.replicated) { instances in
                        for number in 0..<runs {
                            try await PoolRun(instances: instances, name: "proof-\(number)", parts: parts).run { run in
                                try await run.progress(40)
                                try await kill(instances[number], run)
                                // One of the three has the pool, or some of its parts; over many runs each is met. What that one alone has waits
                                // until there is a replica again, because an assignment is to be in both.
                                try await place.failOver(pair: number % 3) { if parts > 1 { try await run.progress(20) } }
                                try await run.progress(40)
                            }
                        }
                    }
                }
            }
        }

        @Test func noTokenOfTheEmbeddedStoreIsHeldTwiceWhenItsServerIsKilled() async throws {
            try await Soak("pool-embedded", small: 1, large: 100, portion: 10).run { runs in
                try await Instances.use(1, on: nil) { instances in
                    for number in 0..<runs {
                        try await PoolRun(instances: instances, name: "proof-\(number)").run { run in
                            for _ in 0..<3 {
                                try await run.progress(20)
                                try await kill(instances[0], run)
                            }
                            try await run.progress(20)
                        }
                    }
                }
            }
        }

        private func kill(_ instance: Instance, _ run: PoolRun) async throws {
            await instance.kill()
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...300)))
            try await instance.start()
        }
    }
}
