import StoreConformance
import Testing
import TokenCore
import ValkeyServer

/// The suite that every store of pools passes, on real servers.
@Suite(.serialized) struct PoolConformanceTests {
    @Test(arguments: Shape.allCases) func everyPromiseIsKept(_ shape: Shape) async throws {
        try await shape.run { place in
            let failures = await PoolConformance.failures(of: { try await place.emptyStore() })
            #expect(failures.isEmpty, "\(failures)")
        }
    }
}
