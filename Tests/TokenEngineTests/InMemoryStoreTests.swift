import StoreConformance
import Testing
import TokenEngine

@Suite struct InMemoryStoreTests {
    @Test(arguments: StoreConformance.checks)
    func conforms(check: StoreCheck) async throws {
        try await check.run { InMemoryStore() }
    }
}
