import NIOHTTP1
import Synchronization

/// The sessions of one instance over one connection, which is made anew when it broke: an instance may be killed and come back.
final class InstanceService: HTTPSessions {
    let instance: Instance
    /// The connection, while it is good. Guarded for one look or one change.
    private let connection = Mutex<(connection: HTTPConnection, place: Int)?>(nil)

    init(_ instance: Instance) { self.instance = instance }

    /// Which instance is asked.
    var place: Int { connection.withLock { $0?.place } ?? instance.place }

    /// Sends a request. It throws as well when the instance is not there.
    func send(
        _ method: HTTPMethod, _ path: String, bearer: String?, fields: [(String, String)], body: String?
    ) async throws -> HTTPConnection.Response {
        let connection = try await connected()
        do { return try await connection.send(method, path, bearer: bearer, fields: fields, body: body) } catch {
            self.connection.withLock { $0 = nil }
            await connection.close()
            throw error
        }
    }

    private func connected() async throws -> HTTPConnection {
        if let (connection, _) = connection.withLock({ $0 }) { return connection }
        let place = instance.place
        let made = try await HTTPConnection.open(port: try instance.server().port)
        connection.withLock { $0 = (made, place) }
        return made
    }
}

/// A load balancer that sends each request to another instance than the one before.
final class RoundRobin: HTTPSessions {
    private let services: [InstanceService]
    private let count = Atomic(0)

    init(_ instances: Instances) { services = instances.services(instances.members.count) }

    func send(
        _ method: HTTPMethod, _ path: String, bearer: String?, fields: [(String, String)], body: String?
    ) async throws -> HTTPConnection.Response {
        let number = count.wrappingAdd(1, ordering: .relaxed).oldValue
        return try await services[number % services.count].send(method, path, bearer: bearer, fields: fields, body: body)
    }
}
