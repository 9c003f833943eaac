import NIOCore
import Synchronization

/// Connections that one task has to itself, for commands that block: drives a `LeaseMachine`.
final class OwnConnections: Sendable {
    /// Nil: open one.
    private typealias Waiter = CheckedContinuation<Result<ValkeyConnection?, ValkeyClientError>, Never>

    private let address: ValkeyServerAddress
    private let factory: ConnectionFactory
    /// Held for a few lines at a time.
    private let machine: Mutex<LeaseMachine<ValkeyConnection, Waiter>>
    private let lastID = Atomic<UInt64>(0)

    init(_ address: ValkeyServerAddress, factory: ConnectionFactory) {
        self.address = address
        self.factory = factory
        let pool = factory.configuration.connectionPool
        machine = Mutex(LeaseMachine(most: pool.ownConnections, mostWaiting: pool.waitersForOwn))
    }

    /// Lends a connection for as long as the body runs.
    func withConnection<Value>(
        deadline: NIODeadline, _ body: (ValkeyConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await lease(deadline)
        defer { giveBack(connection) }
        return try await body(connection)
    }

    private func lease(_ deadline: NIODeadline) async throws(ValkeyClientError) -> ValkeyConnection {
        while true {
            guard let connection = try await granted(deadline).get() else {
                let connection = factory.make(address)
                factory.open(connection)
                return connection
            }
            if connection.isUsable { return connection }
            giveBack(connection)
        }
    }

    private func granted(_ deadline: NIODeadline) async -> Result<ValkeyConnection?, ValkeyClientError> {
        let id = lastID.add(1, ordering: .relaxed).newValue
        let timer = factory.group.next().scheduleTask(deadline: deadline) { self.cancel(id, .timeout) }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                switch machine.withLock({ $0.lease(id, waiter) }) {
                case .use(let connection): waiter.resume(returning: .success(connection))
                case .open: waiter.resume(returning: .success(nil))
                case .wait: if Task.isCancelled { cancel(id, .cancelled) }
                case .refuse(let code): waiter.resume(returning: .failure(Self.refusal(code)))
                }
            }
        } onCancel: {
            cancel(id, .cancelled)
        }
    }

    private func cancel(_ id: UInt64, _ code: ValkeyClientError.ErrorCode) {
        machine.withLock { $0.cancel(id) }?.resume(returning: .failure(Self.refusal(code)))
    }

    private static func refusal(_ code: ValkeyClientError.ErrorCode) -> ValkeyClientError {
        let message =
            switch code {
            case .overloaded: "Too many tasks wait for a connection of their own."
            case .timeout: "No connection became free in time."
            case .cancelled: "The task was cancelled."
            default: "The client was shut down."
            }
        return ValkeyClientError(code, execution: .notExecuted, message: message)
    }

    private func giveBack(_ connection: ValkeyConnection) {
        switch machine.withLock({ $0.giveBack(connection, isUsable: connection.isUsable) }) {
        case .keep: break
        case .hand(let connection, let waiter): waiter.resume(returning: .success(connection))
        case .openFor(let waiter): waiter.resume(returning: .success(nil))
        case .close: connection.end()
        }
    }

    /// Ends those that are idle now, and those that are lent when they come back.
    func stop() {
        let (idle, waiting) = machine.withLock { $0.close() }
        for connection in idle { connection.end() }
        for waiter in waiting { waiter.resume(returning: .failure(Self.refusal(.clientIsShutDown))) }
    }
}
