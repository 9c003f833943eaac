import Foundation
import NIOHTTP1
import TestSupport
import Testing
import ValkeyServer

extension SharedProofs {
    /// The store fails under three instances at work: nothing acknowledged is lost, nothing is half written, and all of them get well by themselves.
    @Suite struct StoreFaultProofTests {
        @Test func aFailoverLosesNothingThatAReplicaAcknowledged() async throws {
            try await Soak("shared-failover", small: 1, large: 50, portion: 5).run { failovers in
                try await SharedPlace.use(.cluster) { place in
                    try await Instances.use(3, on: place, FaultRun.replicated) { instances in
                        _ = try await FaultRun(instances).run { run in
                            for failover in 0..<failovers { try await failOver(place, pair: failover % 3, run) }
                        }
                    }
                }
            }
        }

        @Test func aPartitionedInstanceStopsInTimeAndComesBack() async throws {
            try await Soak("shared-partition", small: 2, large: 100, portion: 10).run { partitions in
                try await onOneServer { place, instances in
                    let history = try await FaultRun(instances).run { run in
                        for partition in 0..<partitions {
                            let proxy = try #require(instances[partition].proxy)
                            if partition.isMultiple(of: 2) { proxy.cut() } else { proxy.hold() }
                            // Whoever asks the one that is cut off may wait for its timeout; who asks the others is served.
                            try await eventually("the instance to stop") {
                                try await instances[partition].administer(.GET, "/readyz").status == 503 ? true : nil
                            }
                            try await run.progress(10)
                            proxy.mend()
                            try await run.recovered()
                        }
                    }
                    #expect(history.contains { if case .authenticate = $0.action { $0.answer == .unknown } else { false } })
                }
            }
        }

        @Test func aSlowStoreIsWaitedForOrNotButNothingIsLost() async throws {
            try await onOneServer { place, instances in
                try await FaultRun(instances).run { run in
                    for member in instances.members { member.proxy?.slow(by: .milliseconds(20)) }
                    try await run.progress(100)
                    for member in instances.members { member.proxy?.mend() }
                    place.primary.pause()
                    // As long as a server needs that writes a snapshot, or is moved.
                    try? await Task.sleep(for: .seconds(2))
                    place.primary.resume()
                    try await run.progress(100)
                }
            }
        }

        @Test func aFlushedScriptCacheIsNoticedByNobody() async throws {
            try await onOneServer { place, instances in
                let history = try await FaultRun(instances).run { run in
                    for _ in 0..<10 {
                        try place.primary.ask("SCRIPT FLUSH")
                        try await run.progress(30)
                    }
                }
                // Only a machine that has no time for an instance makes it stale, and that is no matter of scripts.
                #expect(history.count { if case .authenticate = $0.action { false } else { $0.answer == .unknown } } == 0)
            }
        }

        @Test func aStoreOutOfMemoryRefusesAndHasNothingInHalf() async throws {
            try await onOneServer { place, instances in
                let history = try await FaultRun(instances).run { run in
                    for _ in 0..<3 {
                        try await run.progress(50)
                        try place.primary.ask("CONFIG SET maxmemory 1mb")
                        try await cannotIssue(instances)
                        let reply = try await InstanceService(instances[0]).send(.POST, "/login", body: #"{"user_id": 1}"#)
                        #expect(reply.status == 503 && reply.fields["Retry-After"].first != nil, "\(reply.text)")
                        try place.primary.ask("CONFIG SET maxmemory 0")
                        try await run.recovered()
                    }
                }
                #expect(history.contains { $0.answer == .unknown })
            }
        }

        private func onOneServer(_ body: (SharedPlace, Instances) async throws -> Void) async throws {
            try await SharedPlace.use(.single) { place in
                try await Instances.use(3, on: place, FaultRun.settings, proxied: true) { try await body(place, $0) }
            }
        }

        private func cannotIssue(_ instances: Instances) async throws {
            for member in instances.members {
                try await eventually("instance \(member.number) to see it") {
                    try await member.administer(.GET, "/readyz?for=issue").status == 503 ? true : nil
                }
            }
        }

        /// Kills the primary of a pair under load, and waits until all is well again.
        private func failOver(_ place: SharedPlace, pair: Int, _ run: FaultRun) async throws {
            try await run.progress(100)
            try await place.failOver(pair: pair) { try await run.progress(50) }
            try await run.recovered()
        }
    }
}
