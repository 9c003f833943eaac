import StoreConformance
import Testing
import TokenCore
import Valkey
import ValkeyServer
import ValkeyStore

/// The suite that every store passes, on real servers: each check on a store of its own.
@Suite(.serialized) struct ConformanceTests {
    @Test(arguments: Shape.allCases) func everyPromiseIsKept(_ shape: Shape) async throws {
        try await shape.run { place in
            for check in StoreConformance.checks(expiringByItself: true) {
                do { try await check.run { try await place.emptyStore() } } catch { Issue.record(error, "\(check)") }
            }
        }
    }
}
