import TokenCore

/// Tokens for the client itself (`client_credentials`, RFC 6749 section 4.4).
public struct ClientCredentialsSource: TokenSource {
    /// Endpoint, client and its credential by a digest, scopes, resources, further parameters, and the key that tokens are bound to.
    public let identity: TokenIdentity
    private let endpoint: TokenEndpoint
    private let request: GrantRequest

    /// - Parameters:
    ///   - endpoint: where to ask, and as whom.
    ///   - request: what to ask for.
    public init(_ endpoint: TokenEndpoint, _ request: GrantRequest = GrantRequest()) {
        self.endpoint = endpoint
        self.request = request
        identity = request.identity(of: endpoint, grant: "client_credentials")
    }

    /// Asks for a token.
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        var form = Form()
        form.add("grant_type", "client_credentials")
        request.add(to: &form)
        let answer = try await endpoint.exchange(form, timeout: fetch.timeout)
        return try endpoint.issued(from: answer).token
    }
}
