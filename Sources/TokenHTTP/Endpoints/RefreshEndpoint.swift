import HTTPTypes
import TokenCore
import TokenEngine

/// `POST /refresh`: a new pair for a refresh token (RFC 6749 section 6).
struct RefreshEndpoint: Endpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/refresh"
    let engine: TokenEngine
    let share: WorkShare

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        let token = Array(try JSONBody(request).string("refresh").utf8)
        return .pair(try await share.run(for: request.connection.id) { () throws(OAuthError) in try await engine.refresh(token) })
    }
}
