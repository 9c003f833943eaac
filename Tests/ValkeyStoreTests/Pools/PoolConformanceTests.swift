import StoreConformance
import Testing
import TokenCore
import ValkeyServer

@testable import ValkeyStore

/// The suite that every store of pools passes, on real servers: by the time that it gives, and by the server's own.
@Suite(.serialized) struct PoolConformanceTests {
    @Test(arguments: [Shape.redis, .valkey]) func everyPromiseIsKept(_ shape: Shape) async throws {
        try await shape.run { place in
            var configuration = ValkeyStore.Configuration(partitions: 4)
            configuration.poolsGoByTheCallersTime = true
            let given = configuration
            let failures = await PoolConformance.failures(of: { try await place.emptyStore(given) })
            #expect(failures.isEmpty, "\(failures)")
        }
    }

    @Test(arguments: Shape.allCases) func everyPromiseIsKeptByTheTimeOfTheServer(_ shape: Shape) async throws {
        try await shape.run { place in
            let failures = await PoolConformance.failures(by: .own, of: { try await place.emptyStore() })
            #expect(failures.isEmpty, "\(failures)")
        }
    }
}
