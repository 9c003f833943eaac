import SQLiteStore
import StoreConformance
import TestSupport
import Testing

@Suite struct SQLiteConformanceTests {
    @Test(arguments: StoreConformance.checks)
    func conforms(check: StoreCheck) async throws {
        try await check.run { try SQLiteStore.open(SQLiteStore.Configuration(path: temporaryFolder())) }
    }
}
