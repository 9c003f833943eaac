import SQLiteStore
import StoreConformance
import TestSupport
import Testing
import TokenCore

@Suite struct PoolConformanceTests {
    @Test(arguments: PoolConformance.checks)
    func conforms(check: PoolCheck) async throws {
        try await check.run { try SQLiteStore.open(SQLiteStore.Configuration(path: temporaryFolder(), synchronous: .off)) }
    }

    @Test func manyWalksAgreeWithTheRules() async throws {
        for _ in 0..<12 {
            let store = try SQLiteStore.open(SQLiteStore.Configuration(path: temporaryFolder(), synchronous: .off))
            var difference = PoolDifference(of: store, seed: .random(in: 0 ... .max))
            try await difference.run(steps: 400)
            await store.close()
        }
    }
}
