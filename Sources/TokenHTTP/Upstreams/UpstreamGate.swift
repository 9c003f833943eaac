import HTTPTypes
import NIOCore
import TokenClient
import TokenCore
import TokenEngine

/// Who asks for tokens of somebody else's: the check that every verb of an upstream begins with.
struct UpstreamGate: Sendable {
    /// What is asked of a caller.
    enum Rule: Sendable {
        /// Nothing: whoever got here administers.
        case administrator
        /// A client's credential, the rule of `login.require`, or a Unix socket's other end. Without an engine there are no clients.
        case caller(TokenEngine?, LocalCaller)
    }

    let rule: Rule

    /// Finds out who asks.
    ///
    /// - Returns: nil when credentials are needed and none were sent.
    /// - Throws: `invalid_client`, `invalid_request`, `temporarily_unavailable`.
    func identify(_ request: Incoming) async throws(OAuthError) -> UpstreamIdentity? {
        guard case .caller(let engine, let local) = rule else { return .administrator }
        if request.fields.contains(.authorization) {
            let credentials = try BasicCredentials(request.fields)
            guard let engine else { throw OAuthError(.invalidClient, "Client authentication failed.", detail: "there are no clients here") }
            let client = try await engine.authenticateClient(id: credentials.id, secret: credentials.secret.bytes)
            return .client(id: client.id.text, name: client.name)
        }
        if let user = try await Self.user(of: request) { return .process(user: user) }
        let refusal = local.refusal(
            peer: request.connection.peer, authority: request.authority, fields: request.fields, hasBody: !request.body.isEmpty)
        if refusal == .contentType { throw LocalCaller.Refusal.contentType.error }
        return refusal == nil ? .local : nil
    }

    private static func user(of request: Incoming) async throws(OAuthError) -> UInt32? {
        do { return try await PeerUser.of(request.connection.channel).get() } catch {
            throw .unavailable(detail: "the other end of the socket cannot be told: \(error)")
        }
    }
}

/// A manager for one caller, and by which rule it has it; nil for the administrator's.
struct TokenManagerPlace: Sendable {
    let manager: TokenManager
    let rule: Int?
}

extension OAuthError {
    /// The one answer where a client's credentials are needed and none were sent.
    static let clientNeeded = OAuthError(.invalidClient, "A client's credentials are needed.")

    /// The one answer for an upstream that is not there and for one that is not the caller's.
    static let upstreamNotFound = OAuthError(.notFound, "There is no such upstream, or it is not open to this caller.")
}
