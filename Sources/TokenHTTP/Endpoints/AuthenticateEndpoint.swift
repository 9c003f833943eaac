import HTTPTypes
import TokenCore
import TokenValidation

/// `GET /authenticate`: says what a valid access token says. The fast lane gives the same answer when it knows the token already.
struct AuthenticateEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/authenticate"
    let caller: TokenCaller

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        do throws(OAuthError) {
            switch try await caller.caller(of: request) {
            case .nobody: return .credentialsMissing
            case .holder(let token): return .json(token.payload)
            }
        } catch {
            guard error.code == .invalidToken, let claims = try await caller.legacyClaims(of: request) else { throw error }
            return .json(claims)
        }
    }
}

/// `GET /ping`: the server answers.
struct PingEndpoint: Endpoint {
    static let method = HTTPRequest.Method.get
    static let path = "/ping"

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply { .text("pong") }
}
