import Foundation
import NIOHTTP1

/// Sessions that are asked over HTTP, however a request gets to a server.
protocol HTTPSessions: SessionService {
    /// Sends a request and waits for its answer.
    ///
    /// - Throws: when the connection ends before the answer does.
    func send(
        _ method: HTTPMethod, _ path: String, bearer: String?, fields: [(String, String)], body: String?
    ) async throws -> HTTPConnection.Response
}

/// The server's sessions over one connection.
struct HTTPService: HTTPSessions {
    let connection: HTTPConnection

    func send(
        _ method: HTTPMethod, _ path: String, bearer: String?, fields: [(String, String)], body: String?
    ) async throws -> HTTPConnection.Response {
        try await connection.send(method, path, bearer: bearer, fields: fields, body: body)
    }
}

extension HTTPSessions {
    func send(_ method: HTTPMethod, _ path: String, bearer: String? = nil, body: String? = nil) async throws -> HTTPConnection.Response {
        try await send(method, path, bearer: bearer, fields: [], body: body)
    }

    func login(_ user: Int64) async -> Reply<Pair> {
        await pair { try await send(.POST, "/login", body: #"{"user_id": \#(user)}"#) }
    }

    func refresh(_ token: String) async -> Reply<Pair> {
        await pair { try await send(.POST, "/refresh", body: #"{"refresh": "\#(token)"}"#) }
    }

    func authenticate(_ access: String) async -> Reply<Void> {
        await done { try await send(.GET, "/authenticate", bearer: access) }
    }

    func logout(_ access: String) async -> Reply<Void> {
        await done { try await send(.POST, "/logout", bearer: access) }
    }

    func logoutAll(_ access: String) async -> Reply<Void> {
        await done { try await send(.POST, "/logout?all=true", bearer: access) }
    }

    func end(_ session: String, by access: String) async -> Reply<Void> {
        await done { try await send(.DELETE, "/sessions/\(session)", bearer: access) }
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
