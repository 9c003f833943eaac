import ServiceLifecycle
import TokenCore

/// Hears what other instances made free, until the service group shuts down.
struct PoolBells: Service, CustomStringConvertible {
    let pools: TokenPools

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await bell in pools.store.poolBells() { pools.hear(bell) }
            // A store without bells has nothing to say; that is no reason to end.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        }
    }

    /// For the log of a service group.
    var description: String { "bells of pools" }
}
