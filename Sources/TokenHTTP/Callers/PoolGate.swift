import HTTPTypes
import JOSE
import TokenCore
import TokenEngine
import TokenValidation

/// Who may do what with pools: the check that every verb of a pool begins with.
struct PoolGate: Sendable {
    /// What is asked of a caller.
    enum Rule: Sendable {
        /// Nothing: whoever got here administers.
        case administrator
        /// A client's credential or an access token of ours with the right scope, unless `login.require` trusts the caller as it is.
        case credential(TokenEngine, TokenCaller, LoginRequirement)
    }

    let rule: Rule

    /// Lets a request through.
    ///
    /// - Parameter pool: nil for what concerns all pools.
    /// - Returns: the name that the caller holds tokens under unless it gives another; nil when credentials are needed and none were sent.
    /// - Throws: `access_denied`, `invalid_client`, `invalid_token`, `invalid_request`, `temporarily_unavailable`.
    func admit(_ request: Incoming, to pool: PoolName?, for need: PoolAccess) async throws(OAuthError) -> PoolHolder? {
        guard case .credential(let engine, let caller, let requirement) = rule else { return "admin" }
        if Self.isBasic(request.fields) {
            let credentials = try BasicCredentials(request.fields)
            let client = try await engine.authenticateClient(id: credentials.id, secret: credentials.secret.bytes)
            try Self.check(ClientScope(of: client).access(to: pool), need)
            return client.id.text
        }
        switch try await caller.caller(of: request) {
        case .holder(let token):
            try Self.check(PoolScope(token.claims["scope"]?.string ?? "").access(to: pool), need)
            return token.subject.text
        case .nobody:
            return try Self.isTrusted(request, requirement) ? "" : nil
        }
    }

    private static func check(_ access: PoolAccess, _ need: PoolAccess) throws(OAuthError) {
        guard access < need else { return }
        throw OAuthError(.accessDenied, "The scope does not allow this.", detail: "the scope allows \(access), and \(need) is needed")
    }

    private static func isBasic(_ fields: HTTPFields) -> Bool {
        fields[values: .authorization].contains { $0.prefix(6).lowercased() == "basic " }
    }

    /// The rule of `/login`. A body of another type than JSON is what a local program got wrong, and not somebody else's.
    private static func isTrusted(_ request: Incoming, _ requirement: LoginRequirement) throws(OAuthError) -> Bool {
        switch requirement {
        case .none: return true
        case .client: return false
        case .loopback(let alsoFrom):
            let refusal = LocalCaller(alsoFrom: alsoFrom).refusal(
                peer: request.connection.peer, authority: request.authority, fields: request.fields, hasBody: !request.body.isEmpty)
            if refusal == .contentType { throw LocalCaller.Refusal.contentType.error }
            return refusal == nil
        }
    }
}
