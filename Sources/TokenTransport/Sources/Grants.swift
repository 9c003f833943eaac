public import TokenClient
public import TokenCore

extension TokenSource where Self == RefreshTokenSource {
    /// Tokens on behalf of somebody who once agreed (RFC 6749 section 6).
    ///
    /// - Parameters:
    ///   - authentication: `.none` for a public client.
    ///   - refreshToken: from the authorization that was given.
    public static func refreshToken(
        tokenURL: String, clientID: String, authentication: ClientAuthentication, refreshToken: Secret, prover: DPoPProver? = nil,
        request: GrantRequest = GrantRequest(), transport: any TokenEndpointTransport = HTTPTokenTransport()
    ) -> RefreshTokenSource {
        let endpoint = TokenEndpoint(
            tokenURL, clientID: clientID, authentication: authentication, prover: prover, transport: transport)
        return RefreshTokenSource(endpoint, refreshToken: refreshToken, request)
    }
}

extension TokenSource where Self == TokenExchangeSource {
    /// Tokens in exchange for others (RFC 8693).
    ///
    /// - Parameters:
    ///   - subject: on whose behalf.
    ///   - actor: who acts, if it is somebody else.
    public static func tokenExchange(
        tokenURL: String, clientID: String, authentication: ClientAuthentication, subject: TokenExchangeSource.Token,
        actor: TokenExchangeSource.Token? = nil, requestedType: String = "", prover: DPoPProver? = nil,
        request: GrantRequest = GrantRequest(), transport: any TokenEndpointTransport = HTTPTokenTransport()
    ) -> TokenExchangeSource {
        let endpoint = TokenEndpoint(
            tokenURL, clientID: clientID, authentication: authentication, prover: prover, transport: transport)
        return TokenExchangeSource(endpoint, subject: subject, actor: actor, requestedType: requestedType, request)
    }
}

extension TokenSource where Self == JWTBearerSource {
    /// Tokens for a service account that signs for itself (RFC 7523 section 2.1).
    public static func jwtBearer(
        tokenURL: String, account: JWTBearerSource.Account, clientID: String = "", authentication: ClientAuthentication = .none,
        prover: DPoPProver? = nil, request: GrantRequest = GrantRequest(), transport: any TokenEndpointTransport = HTTPTokenTransport()
    ) -> JWTBearerSource {
        let endpoint = TokenEndpoint(
            tokenURL, clientID: clientID, authentication: authentication, prover: prover, transport: transport)
        return JWTBearerSource(endpoint, account: account, request)
    }
}
