import Foundation
import NIOHTTP1

/// The server's sessions over one connection.
struct HTTPService: SessionService {
    let connection: HTTPConnection

    func login(_ user: Int64) async -> Reply<Pair> {
        await pair { try await connection.send(.POST, "/login", body: #"{"user_id": \#(user)}"#) }
    }

    func refresh(_ token: String) async -> Reply<Pair> {
        await pair { try await connection.send(.POST, "/refresh", body: #"{"refresh": "\#(token)"}"#) }
    }

    func authenticate(_ access: String) async -> Reply<Void> {
        await done { try await connection.send(.GET, "/authenticate", bearer: access) }
    }

    func logout(_ access: String) async -> Reply<Void> {
        await done { try await connection.send(.POST, "/logout", bearer: access) }
    }

    func logoutAll(_ access: String) async -> Reply<Void> {
        await done { try await connection.send(.POST, "/logout?all=true", bearer: access) }
    }

    func end(_ session: String, by access: String) async -> Reply<Void> {
        await done { try await connection.send(.DELETE, "/sessions/\(session)", bearer: access) }
    }

    private func pair(_ send: () async throws -> HTTPConnection.Response) async -> Reply<Pair> {
        await reply(send) { try? JSONDecoder().decode(Pair.self, from: Data($0.body)) }
    }

    private func done(_ send: () async throws -> HTTPConnection.Response) async -> Reply<Void> {
        await reply(send) { _ in () }
    }

    /// 503 and a broken connection leave open what happened; so does a 2xx that cannot be read. Everything else is a no.
    private func reply<T: Sendable>(
        _ send: () async throws -> HTTPConnection.Response, _ read: (HTTPConnection.Response) -> T?
    ) async -> Reply<T> {
        guard let response = try? await send(), response.status != 503 else { return .unknown }
        guard (200..<300).contains(response.status) else { return .refused(response.status) }
        return read(response).map(Reply.ok) ?? .unknown
    }
}
