import JOSE
import Synchronization
public import TokenCore

/// Tokens of a session at another Mintmark: `POST /refresh`, which gives the next refresh token with every access token.
///
/// A lost answer is no lost session: within its grace window Mintmark gives the same successor again. Without a vault the newest refresh token is kept in
/// memory alone.
public final class MintmarkSource: RotatingTokenSource {
    /// The server, and the first refresh token by a digest.
    public let identity: TokenIdentity
    /// What the source was set up with.
    public let firstRefreshToken: Secret
    private let url: String
    private let transport: any TokenEndpointTransport
    /// The newest refresh token. Guarded for a look.
    private let newest: Mutex<Secret>

    /// - Parameters:
    ///   - server: its origin: `https://auth.example`.
    ///   - refreshToken: of a login: `mmr_…`.
    public init(_ server: String, refreshToken: Secret, transport: any TokenEndpointTransport) {
        url = server.trimmingSlash + "/refresh"
        self.transport = transport
        firstRefreshToken = refreshToken
        newest = Mutex(refreshToken)
        identity = TokenIdentity(issuer: url, grant: "mintmark", subject: digest(of: refreshToken, for: url))
    }

    /// Presents the newest refresh token, and keeps the one that comes.
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        let grant = try issued(from: try await exchange(newest.withLock { $0 }, for: fetch))
        if let next = grant.refreshToken { newest.withLock { $0 = next } }
        return grant.token
    }

    /// Presents a refresh token.
    public func exchange(_ refreshToken: Secret, for fetch: TokenFetch) async throws(TokenSourceError) -> TokenAnswer {
        var json = JSONWriter()
        json.object { $0.member("refresh", refreshToken.text) }
        let headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
        let request = TokenEndpointRequest("POST", url, headers: headers, body: json.bytes, timeout: fetch.timeout)
        return TokenAnswer(try await transport.send(request), presented: [refreshToken], now: Moment.read().wall)
    }

    /// Reads an answer.
    public func issued(from answer: TokenAnswer) throws(TokenSourceError) -> IssuedGrant {
        try answer.read(isBound: false, access: "access", refresh: "refresh")
    }
}
