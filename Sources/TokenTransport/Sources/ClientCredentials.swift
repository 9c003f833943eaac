public import TokenClient
import TokenCore

extension TokenSource where Self == ClientCredentialsSource {
    /// Tokens for the client itself (RFC 6749 section 4.4), with a secret in the `Authorization` header.
    ///
    /// - Parameters:
    ///   - tokenURL: the token endpoint: `https`, or `http` on this machine.
    ///   - scope: scopes with spaces between them.
    public static func clientCredentials(
        tokenURL: String, clientID: String, secret: String, scope: String = ""
    ) -> ClientCredentialsSource {
        .clientCredentials(tokenURL: tokenURL, clientID: clientID, authentication: .secret(secret), request: GrantRequest(scope: scope))
    }

    /// Tokens for the client itself, with any way of saying who it is.
    ///
    /// - Parameters:
    ///   - prover: binds the tokens to its key (RFC 9449).
    ///   - request: scope, resources, audiences and what else the server wants.
    ///   - transport: one with roots of your own, for instance.
    public static func clientCredentials(
        tokenURL: String, clientID: String, authentication: ClientAuthentication, prover: DPoPProver? = nil,
        request: GrantRequest = GrantRequest(), transport: any TokenEndpointTransport = HTTPTokenTransport()
    ) -> ClientCredentialsSource {
        let endpoint = TokenEndpoint(
            tokenURL, clientID: clientID, authentication: authentication, prover: prover, transport: transport)
        return ClientCredentialsSource(endpoint, request)
    }
}
