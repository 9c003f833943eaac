import StoreConformance
import Testing
import TokenCore
import TokenEngine

@Suite struct InMemoryLeasePoolTests {
    @Test(arguments: PoolConformance.checks)
    func conforms(check: PoolCheck) async throws {
        try await check.run { InMemoryLeasePool() }
    }

    @Test func manyWalksAgreeWithTheRules() async throws {
        for seed in 0..<20 as Range<UInt64> {
            var difference = PoolDifference(of: InMemoryLeasePool(), seed: seed)
            try await difference.run(steps: 300)
        }
    }
}
