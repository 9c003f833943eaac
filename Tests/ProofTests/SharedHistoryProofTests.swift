import TestSupport
import Testing
import ValkeyServer

extension SharedProofs {
    /// Many short histories, each of three instances at work while something that chance has chosen goes wrong.
    @Suite struct SharedHistoryProofTests {
        /// What goes wrong.
        private enum Fault: CaseIterable {
            case killedInstance, cut, held, slowWay, stoppedStore, flushedScripts, noMemory
        }

        @Test func historiesUnderAnyFaultAreLinearizable() async throws {
            let perServer = 7
            try await Soak("shared-history", small: perServer, large: 1_000, portion: 50).run { histories in
                try await SharedPlace.use(.single) { place in
                    try await Instances.use(3, on: place, ["auth.max_staleness": "2s"], proxied: true) { instances in
                        for history in 0..<histories {
                            let run = FaultRun(instances, clients: 6, firstUser: Int64(10 * history), staleness: .seconds(2))
                            let fault = Fault.allCases[history % Fault.allCases.count]
                            try await run.run { run in
                                try await run.progress(Int.random(in: 20...60))
                                try await suffer(fault, of: Int.random(in: 0..<3), place, run)
                            }
                        }
                    }
                }
            }
        }

        /// Something goes wrong, and is well again when this returns.
        private func suffer(_ fault: Fault, of number: Int, _ place: SharedPlace, _ run: FaultRun) async throws {
            let instance = run.instances[number], proxy = try #require(instance.proxy)
            switch fault {
            case .killedInstance:
                await instance.kill()
                try await run.progress(20)
                try await instance.start()
            case .cut:
                proxy.cut()
                try await run.progress(20)
                proxy.mend()
            case .held:
                proxy.hold()
                try await run.progress(10)
                proxy.mend()
            case .slowWay:
                proxy.slow(by: .milliseconds(50))
                try await run.progress(20)
                proxy.mend()
            case .stoppedStore:
                place.primary.pause()
                try? await Task.sleep(for: .milliseconds(Int.random(in: 50...500)))
                place.primary.resume()
                try await run.progress(20)
            case .flushedScripts:
                try place.primary.ask("SCRIPT FLUSH")
                try await run.progress(20)
            case .noMemory:
                try place.primary.ask("CONFIG SET maxmemory 1mb")
                let asked = run.recorder.history.count
                try await eventually("requests without memory") { run.recorder.history.count > asked + 30 ? true : nil }
                try place.primary.ask("CONFIG SET maxmemory 0")
                try await run.progress(20)
            }
        }
    }
}
