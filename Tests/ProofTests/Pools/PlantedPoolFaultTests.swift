import TestSupport
import Testing
import TokenCore
import TokenEngine

/// Sixty-four workers at pools that are broken on purpose: each fault is caught, and an honest pool passes.
@Suite struct PlantedPoolFaultTests {
    private let policy = PoolPolicy(lifetime: .seconds(1), rest: .milliseconds(100))

    @Test func anHonestPoolPasses() async throws {
        let found = try await violations(nil)
        #expect(found == [], "\(found.prefix(3))")
    }

    @Test func aPoolThatDoesNotLookAtLeasesIsCaught() async throws {
        let found = try await violations(.leaseIgnored)
        #expect(found.contains { if case .staleLeaseAccepted = $0 { true } else { false } })
    }

    @Test func aPoolThatForgetsTheRestIsCaught() async throws {
        let found = try await violations(.restForgotten)
        #expect(found.contains { if case .restForgotten = $0 { true } else { false } })
    }

    private func violations(_ fault: StorePool.Fault?) async throws -> Set<PoolViolation> {
        let pool = StorePool(InMemoryLeasePool(), .usual, fault: fault)
        let known = try await pool.fill(policy, 20)
        let recorder = PoolRecorder()
        let seed = UInt64.random(in: 0 ... .max)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                var worker = PoolWorker(lifetime: policy.lifetime, seed: seed &+ UInt64(number))
                group.addTask { await worker.run([pool], recorder) }
            }
            try? await Task.sleep(for: .seconds(3))
            group.cancelAll()
        }
        #expect(recorder.assigned > 100, "too little was done to prove anything")
        return PoolHistoryChecker(lifetime: policy.lifetime, rest: policy.rest, known: known).violations(in: recorder.history)
    }
}
