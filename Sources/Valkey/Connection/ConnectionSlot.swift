import Logging
import NIOCore
import Synchronization

/// One shared connection after the other: drives a `ReconnectMachine`.
final class ConnectionSlot: Sendable {
    private struct State {
        var machine: ReconnectMachine
        var connection: ValkeyConnection?
        /// Why the last connection ended.
        var lastError: ValkeyClientError?
    }

    private let address: ValkeyServerAddress
    private let factory: ConnectionFactory
    /// Held for a few lines at a time.
    private let state: Mutex<State>

    init(_ address: ValkeyServerAddress, factory: ConnectionFactory) {
        self.address = address
        self.factory = factory
        state = Mutex(State(machine: ReconnectMachine(backOff: factory.configuration.reconnection)))
    }

    /// The connection that takes commands now, perhaps one that is still opening.
    ///
    /// - Throws: why there is none: it waits before it tries again.
    func connection() throws(ValkeyClientError) -> ValkeyConnection {
        let (connection, error, isNew) = state.withLock { state in
            let isNew = state.machine.wanted()
            if isNew { state.connection = make() }
            return (state.connection, state.lastError, isNew)
        }
        if isNew, let connection { factory.open(connection) }
        if let connection, connection.isUsable { return connection }
        throw (error ?? .closed(.notExecuted)).with(.notExecuted)
    }

    private func make() -> ValkeyConnection {
        factory.make(
            address,
            listener: .init(
                ready: { [weak self] in self?.state.withLock { $0.machine.ready() } },
                closed: { [weak self] in self?.closed($0) }))
    }

    private func closed(_ error: ValkeyClientError) {
        let wait = state.withLock { state in
            state.connection = nil
            if state.machine.state != .stopped { state.lastError = error }
            return state.machine.closed(chance: .random(in: 0...1))
        }
        guard let wait else { return }
        factory.logger.debug("connection ended", metadata: ["address": "\(address)", "reason": "\(error.message)", "wait": "\(wait)"])
        factory.group.next().scheduleTask(in: TimeAmount(wait)) { [weak self] in
            self?.reconnect()
        }
    }

    private func reconnect() {
        let connection = state.withLock { state in
            guard state.machine.waited() else { return nil as ValkeyConnection? }
            state.connection = make()
            return state.connection
        }
        if let connection { factory.open(connection) }
    }

    /// Ends the connection when its replies have come; the next one looks the host up anew.
    func renew() { state.withLock { $0.connection }?.end() }

    /// Ends the connection when its replies have come; there will be no other.
    func stop() {
        let connection = state.withLock { state in
            state.machine.stop()
            state.lastError = .init(.clientIsShutDown, execution: .notExecuted, message: "The client was shut down.")
            return state.connection
        }
        connection?.end()
    }
}
