import Synchronization
public import TokenCore

/// Tokens on behalf of somebody who once agreed (`refresh_token`, RFC 6749 section 6), with rotation (RFC 9700 section 4.14.2).
///
/// Without a vault it keeps the newest refresh token in memory alone: when the process ends, a rotated one is lost, and the one that the source was
/// set up with is used up.
public final class RefreshTokenSource: RotatingTokenSource {
    /// Endpoint, client, scopes, resources, key, and the first refresh token by a digest. Not the client's credential: a grant outlives it.
    public let identity: TokenIdentity
    /// What the source was set up with.
    public let firstRefreshToken: Secret
    private let endpoint: TokenEndpoint
    private let request: GrantRequest
    /// The newest refresh token. Guarded for a look.
    private let newest: Mutex<Secret>

    /// - Parameters:
    ///   - refreshToken: from the authorization that somebody gave.
    ///   - request: may narrow the scope of it (RFC 6749 section 6).
    public init(_ endpoint: TokenEndpoint, refreshToken: Secret, _ request: GrantRequest = GrantRequest()) {
        self.endpoint = endpoint
        self.request = request
        firstRefreshToken = refreshToken
        newest = Mutex(refreshToken)
        identity = request.identity(
            of: endpoint, grant: "refresh_token", subject: digest(of: refreshToken, for: endpoint.url), withCredential: false)
    }

    /// Presents the newest refresh token, and keeps what replaces it.
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        let grant = try issued(from: try await exchange(newest.withLock { $0 }, for: fetch))
        if let next = grant.refreshToken { newest.withLock { $0 = next } }
        return grant.token
    }

    /// Presents a refresh token.
    public func exchange(_ refreshToken: Secret, for fetch: TokenFetch) async throws(TokenSourceError) -> TokenAnswer {
        var form = Form()
        form.add("grant_type", "refresh_token")
        form.add("refresh_token", secret: refreshToken)
        request.add(to: &form)
        return try await endpoint.exchange(form, timeout: fetch.timeout)
    }

    /// Reads an answer. `refreshToken` is nil when the server did not rotate.
    public func issued(from answer: TokenAnswer) throws(TokenSourceError) -> IssuedGrant { try endpoint.issued(from: answer) }
}
