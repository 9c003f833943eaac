import TestSupport
import Testing
import TokenCore
import TokenEngine

/// Sixty-four workers at pools that are broken on purpose: each fault is caught, and an honest pool passes.
@Suite struct PlantedPoolFaultTests {
    private let policy = PoolPolicy(lifetime: .seconds(1), rest: .milliseconds(100))

    @Test func anHonestPoolPasses() async throws {
        let found = try await violations(nil) { _ in false }
        #expect(found == [], "\(found.prefix(3))")
    }

    @Test func aPoolThatDoesNotLookAtLeasesIsCaught() async throws {
        func isIt(_ violation: PoolViolation) -> Bool { if case .staleLeaseAccepted = violation { true } else { false } }
        #expect(try await violations(.leaseIgnored, until: isIt).contains(where: isIt))
    }

    @Test func aPoolThatForgetsTheRestIsCaught() async throws {
        func isIt(_ violation: PoolViolation) -> Bool { if case .restForgotten = violation { true } else { false } }
        #expect(try await violations(.restForgotten, until: isIt).contains(where: isIt))
    }

    /// What is found among several hundred assignments, or as soon as something of a kind is: however long a busy machine takes for them.
    private func violations(
        _ fault: StorePool.Fault?, until isEnough: (PoolViolation) -> Bool
    ) async throws -> Set<PoolViolation> {
        let pool = StorePool(InMemoryLeasePool(), .usual, fault: fault)
        let checker = PoolHistoryChecker(lifetime: policy.lifetime, rest: policy.rest, known: try await pool.fill(policy, 20))
        let recorder = PoolRecorder()
        let seed = UInt64.random(in: 0 ... .max)
        return await withTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                var worker = PoolWorker(lifetime: policy.lifetime, seed: seed &+ UInt64(number))
                group.addTask { await worker.run([pool], recorder) }
            }
            defer { group.cancelAll() }
            while recorder.assigned < 400 {
                try? await Task.sleep(for: .milliseconds(250))
                let found = checker.violations(in: recorder.history)
                if found.contains(where: isEnough) { return found }
            }
            return checker.violations(in: recorder.history)
        }
    }
}
