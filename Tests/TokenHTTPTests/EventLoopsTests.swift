import NIOCore
import NIOPosix
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// The loops of a server as the enforcer of its instance.
@Suite struct EventLoopsTests {
    /// Keys may change while the server ends: whoever tells the loops must not wait for loops that are gone.
    @Test(.timeLimit(.minutes(10))) func loopsThatHaveEndedKeepNobodyWaiting() async throws {
        try await Harness.run { harness in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let loops = try await EventLoops(group: group, engine: harness.engine, clock: harness.engine.clock, limits: Limits(), leeway: .seconds(5))
            #expect(await loops.onAll { _ in 1 } == [1, 1])
            loops.stop()
            try await group.shutdownGracefully()
            await loops.follow(harness.keys)
            let id = try #require(harness.keys.snapshot.ring.signing?.id)
            _ = try await harness.keys.revoke(id)
            #expect(await loops.onAll { _ in 1 } == [])
        }
    }
}
