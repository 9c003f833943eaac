public import TokenClient
public import TokenCore

extension TokenSource where Self == MintmarkSource {
    /// Tokens of a session at another Mintmark.
    ///
    /// - Parameter server: its origin.
    public static func mintmark(
        _ server: String, refreshToken: Secret, transport: any TokenEndpointTransport = HTTPTokenTransport()
    ) -> MintmarkSource {
        MintmarkSource(server, refreshToken: refreshToken, transport: transport)
    }
}

extension TokenSource where Self == MintmarkUpstreamSource {
    /// Tokens that a Mintmark fetches for the programs around it.
    ///
    /// - Parameter upstream: its name there.
    public static func mintmark(
        _ server: String, upstream: String, clientID: String = "", authentication: ClientAuthentication = .none,
        transport: any TokenEndpointTransport = HTTPTokenTransport()
    ) -> MintmarkUpstreamSource {
        MintmarkUpstreamSource(server, name: upstream, clientID: clientID, authentication: authentication, transport: transport)
    }
}
