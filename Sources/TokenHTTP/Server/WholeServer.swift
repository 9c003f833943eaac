import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// A server of Hummingbird that ends when nothing of it is left.
///
/// The shutdown is a task of its own, and the server ends as soon as its listener is closed. Whoever shuts the event loops down then is faster at
/// times than that task, which at its end gives a promise up and asks a loop for it once more: SwiftNIO says so on standard error, and means to crash
/// over it one day.
struct WholeServer<Connection: ServerChildChannel>: Service {
    private let make: @Sendable () -> Server<Connection>
    /// What is waited for takes microseconds; a server that is held by somebody else must not keep the process.
    private static var patience: Duration { .seconds(1) }

    /// As `ServerChildChannel.server`.
    init(
        _ connection: Connection, configuration: ServerConfiguration, on group: any EventLoopGroup, logger: Logger,
        onServerRunning: @escaping @Sendable (any Channel) async -> Void
    ) {
        make = {
            Server(
                childChannelSetup: connection, configuration: configuration, onServerRunning: onServerRunning, eventLoopGroup: group, logger: logger)
        }
    }

    func run() async throws {
        weak var left: Server<Connection>?
        do {
            let server = make()
            left = server
            try await server.run()
            // Joins the shutdown that is under way.
            try await server.shutdownGracefully()
        }
        let deadline = ContinuousClock.now + Self.patience
        while left != nil, .now < deadline { await Task.yield() }
    }
}
