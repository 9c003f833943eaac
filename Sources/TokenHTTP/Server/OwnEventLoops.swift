import NIOCore
import NIOPosix

/// Runs a body on event loops of its own, which end with it.
///
/// - Parameter count: nil: as many as the machine has processors.
func withOwnEventLoops(_ count: Int?, _ body: (any EventLoopGroup) async throws -> Void) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: count ?? System.coreCount)
    do {
        try await body(group)
    } catch {
        try? await group.shutdownGracefully()
        throw error
    }
    try await group.shutdownGracefully()
}
