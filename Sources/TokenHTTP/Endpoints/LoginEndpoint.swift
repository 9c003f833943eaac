import HTTPTypes
import TokenCore
import TokenEngine

/// `POST /login`: begins a session for the user that a trusted caller names.
struct LoginEndpoint: Endpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/login"
    let engine: TokenEngine
    let requirement: LoginRequirement
    let share: WorkShare

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        try await share.run(for: request.connection.id) { () throws(OAuthError) in
            let client = try await admit(request)
            return .pair(try await engine.login(LoginBody(JSONBody(request)).request(client: client)))
        }
    }

    /// Who may call was decided by configuration; a client is named in the session it begins.
    private func admit(_ request: Incoming) async throws(OAuthError) -> ClientID? {
        switch requirement {
        case .none: return nil
        case .loopback(let alsoFrom):
            try LocalCaller(alsoFrom: alsoFrom).check(request)
            return nil
        case .client:
            let credentials = try BasicCredentials(request.fields)
            let client = try await engine.authenticateClient(id: credentials.id, secret: credentials.secret.bytes)
            guard ClientScope(of: client).allowsLogin else {
                throw OAuthError(.accessDenied, "This client may not log anybody in.", detail: "its scope lacks login")
            }
            return client.id
        }
    }
}
