/// What one server and a cluster have in common.
///
/// Every operation may be called from any task. A command is sent again only where it was certainly not executed or is marked as repeatable;
/// every error says which.
public protocol ValkeyClientProtocol: Sendable {
    /// Sends commands together, on one connection, in their order.
    ///
    /// In a cluster commands of different slots travel apart; a command without keys needs all others to be of one slot.
    ///
    /// - Parameter timeout: for all replies together, on top of what commands block on purpose; nil: as configured.
    /// - Returns: one result for each.
    func execute(_ commands: [any ValkeyCommand], timeout: Duration?) async -> [Result<RESPToken, ValkeyClientError>]

    /// Runs the body with a connection of its own.
    ///
    /// - Parameter key: in a cluster the connection leads to the primary of its slot; nil: to any.
    func withConnection<Value>(for key: ValkeyKey?, _ body: (ValkeyConnection) async throws -> Value) async throws -> Value

    /// Runs the body with messages; see `subscribe(to:process:)`.
    func _subscribe<Value>(
        _ kind: ValkeySubscription.Kind, to channels: [String], process: (ValkeySubscription) async throws -> Value
    ) async throws -> Value

    /// Keeps the client until the task is cancelled, then shuts it down.
    func run() async

    /// Ends every connection when its replies have come. Later commands fail.
    func shutdown()
}

extension ValkeyClientProtocol {
    /// Sends commands together, with the configured timeout.
    public func execute(_ commands: [any ValkeyCommand]) async -> [Result<RESPToken, ValkeyClientError>] {
        await execute(commands, timeout: nil)
    }

    /// Sends one command.
    ///
    /// - Parameter timeout: on top of what it blocks on purpose; nil: as configured.
    @discardableResult
    public func execute<Command: ValkeyCommand>(
        _ command: Command, timeout: Duration? = nil
    ) async throws(ValkeyClientError) -> Command.Response {
        let reply = try await execute([command], timeout: timeout)[0].get()
        do throws(RESPDecodeError) { return try Command.Response(reply) } catch {
            throw ValkeyClientError(.respDecodeError, execution: .replied, message: "\(Command.name): \(error)")
        }
    }

    /// Runs the body with messages of channels.
    ///
    /// The body runs when the server has confirmed all of them. The sequence throws when the connection breaks or the reader is too slow: nobody
    /// knows then what was missed, so nothing is resumed behind its back.
    public func subscribe<Value>(
        to channels: [String], process: (ValkeySubscription) async throws -> Value
    ) async throws -> Value {
        try await _subscribe(.channels, to: channels, process: process)
    }

    /// Runs the body with messages of all channels whose names match a pattern.
    public func psubscribe<Value>(
        to patterns: [String], process: (ValkeySubscription) async throws -> Value
    ) async throws -> Value {
        try await _subscribe(.patterns, to: patterns, process: process)
    }

    /// Runs the body with messages of sharded channels, which stay inside the shard of their slot. When a slot moves the sequence throws.
    public func ssubscribe<Value>(
        to channels: [String], process: (ValkeySubscription) async throws -> Value
    ) async throws -> Value {
        try await _subscribe(.shardChannels, to: channels, process: process)
    }
}
