public import Logging
public import NIOCore
public import NIOPosix
import Synchronization

/// A client of one server.
///
/// Connections are made when they are first needed and made anew when they break. Tasks share them: their commands are sent as soon as the event loop
/// gets to it, all that wait in one write.
public final class ValkeyClient: Sendable {
    let configuration: ValkeyClientConfiguration
    private let node: ValkeyNode
    private let logger: Logger

    /// - Parameters:
    ///   - address: where the server listens.
    ///   - eventLoopGroup: the shared group by default.
    ///   - logger: hears of nothing above debug.
    public init(
        _ address: ValkeyServerAddress, configuration: ValkeyClientConfiguration = .init(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
    ) {
        self.configuration = configuration
        self.logger = logger
        node = ValkeyNode(address, factory: ConnectionFactory(configuration: configuration, group: eventLoopGroup, logger: logger))
    }
}

extension ValkeyClient: ValkeyClientProtocol, CommandTarget {
    public func execute(_ commands: [any ValkeyCommand], timeout: Duration?) async -> [Result<RESPToken, ValkeyClientError>] {
        commands.isEmpty ? [] : await run(commands, slot: nil, timeout: timeout)
    }

    public func withConnection<Value>(
        for key: ValkeyKey? = nil, _ body: (ValkeyConnection) async throws -> Value
    ) async throws -> Value {
        try await node.withConnection(deadline: .now() + TimeAmount(configuration.commandTimeout), body)
    }

    public func _subscribe<Value>(
        _ kind: ValkeySubscription.Kind, to channels: [String], process: (ValkeySubscription) async throws -> Value
    ) async throws -> Value {
        try await subscribe(kind, process: process) { _ in [(self.node, [channels.map { ValkeyKey($0) }])] }
    }

    public func run() async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        continuation.finish()
        shutdown()
    }

    public func shutdown() { node.stop() }

    /// Ends the shared connections when their replies have come, and opens others: where the name of the server may have moved to another one.
    public func reconnect() { node.renew() }

    func node(for slot: HashSlot?) -> ValkeyNode { node }
    func node(after verdict: ReplyVerdict, from node: ValkeyNode) -> ValkeyNode? { nil }
    func recover() {}
}

extension ValkeyConnection {
    /// Sends one command on this connection.
    ///
    /// - Parameter timeout: on top of what it blocks on purpose.
    @discardableResult
    public func execute<Command: ValkeyCommand>(
        _ command: Command, timeout: Duration = .seconds(5)
    ) async throws(ValkeyClientError) -> Command.Response {
        let reply = try await execute([command], timeout: timeout)[0].get()
        do throws(RESPDecodeError) { return try Command.Response(reply) } catch {
            throw ValkeyClientError(.respDecodeError, execution: .replied, message: "\(Command.name): \(error)")
        }
    }

    /// Sends commands together on this connection. Nothing is sent again, whatever happens.
    public func execute(_ commands: [any ValkeyCommand], timeout: Duration = .seconds(5)) async -> [Result<RESPToken, ValkeyClientError>] {
        guard !commands.isEmpty else { return [] }
        var run = CommandRun(commands)
        let blocking = commands.filter(\.isBlocking).map(\.blockingTime)
        let isEndless = blocking.contains(nil)
        let time = blocking.reduce(timeout) { $0 + ($1 ?? .zero) }
        let deadline = isEndless ? NIODeadline.distantFuture : .now() + TimeAmount(time)
        _ = run.finished(await send(run.parcel(asking: false), deadline: deadline), asking: false)
        return run.outcome
    }
}
