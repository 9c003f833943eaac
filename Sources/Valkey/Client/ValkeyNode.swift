import NIOCore
import Synchronization

/// Everything that leads to one server: a few shared connections, and those that tasks have to themselves.
final class ValkeyNode: Sendable {
    let address: ValkeyServerAddress
    let factory: ConnectionFactory
    private let slots: [ConnectionSlot]
    private let own: OwnConnections
    private let turn = Atomic<Int>(0)

    init(_ address: ValkeyServerAddress, factory: ConnectionFactory) {
        self.address = address
        self.factory = factory
        slots = (0..<factory.configuration.connectionPool.sharedConnections).map { _ in ConnectionSlot(address, factory: factory) }
        own = OwnConnections(address, factory: factory)
    }

    /// Sends commands, on a connection of their own if one of them blocks.
    func send(_ parcel: ValkeyConnection.Parcel, deadline: NIODeadline) async -> Result<[RESPToken], ValkeyClientError> {
        do throws(ValkeyClientError) {
            guard parcel.isBlocking else { return await (try shared()).send(parcel, deadline: deadline) }
        } catch {
            return .failure(error)
        }
        do {
            return try await withConnection(deadline: deadline) { await $0.send(parcel, deadline: deadline) }
        } catch {
            let error = error as? ValkeyClientError
            return .failure(error ?? .init(.connectionFailed, execution: .notExecuted, message: "There is no connection to \(address)."))
        }
    }

    /// Lends a connection for as long as the body runs.
    func withConnection<Value>(
        deadline: NIODeadline, _ body: (ValkeyConnection) async throws -> Value
    ) async throws -> Value {
        try await own.withConnection(deadline: deadline, body)
    }

    /// The next connection that is ready, else the next that is opening.
    private func shared() throws(ValkeyClientError) -> ValkeyConnection {
        let first = turn.add(1, ordering: .relaxed).newValue
        var opening: ValkeyConnection?
        var failure: ValkeyClientError?
        for offset in slots.indices {
            do throws(ValkeyClientError) {
                let connection = try slots[(first &+ offset) % slots.count].connection()
                if connection.isReady { return connection }
                opening = opening ?? connection
            } catch {
                failure = error
            }
        }
        if let opening { return opening }
        throw failure ?? .closed(.notExecuted)
    }

    /// Ends the shared connections when their replies have come; others take their places.
    func renew() { for slot in slots { slot.renew() } }

    /// Ends all connections when their replies have come.
    func stop() {
        for slot in slots { slot.stop() }
        own.stop()
    }
}
