import HTTPTypes
import TokenCore

/// The admin credential, and the check that every admin verb begins with (canon 61).
struct AdminCredential: Sendable {
    private let token: Secret

    init(_ token: Secret) { self.token = token }

    /// Whether a request carries it; compared in time that says nothing about where it differs.
    ///
    /// - Returns: nil when it does, else the refusal.
    func refusal(_ fields: HTTPFields) -> Reply? {
        let values = fields[values: .authorization]
        guard values.count == 1, var value = values.first else { return .credentialsMissing }
        return value.withUTF8 { bytes in
            switch Bearer(bytes) {
            case .absent: .credentialsMissing
            case .malformed: .adminTokenNotValid
            case .token(let token): constantTimeEquals(token, self.token.bytes) ? nil : .adminTokenNotValid
            }
        }
    }
}

/// An admin verb: an endpoint that only the holder of the credential reaches.
struct Guarded<Verb: Endpoint>: Endpoint {
    static var method: HTTPRequest.Method { Verb.method }
    static var path: String { Verb.path }
    let credential: AdminCredential
    let verb: Verb

    func answer(_ request: Incoming) async throws(OAuthError) -> Reply {
        if let refusal = credential.refusal(request.fields) { return refusal }
        return try await verb.answer(request)
    }
}
