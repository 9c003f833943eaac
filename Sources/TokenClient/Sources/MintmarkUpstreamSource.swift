import JOSE
import TokenCore

/// Tokens that a Mintmark fetches for the programs around it: `GET /upstreams/{name}/token`.
///
/// A token that was not accepted is reported there first, so that it is not brought again.
public struct MintmarkUpstreamSource: TokenSource {
    /// The server and the name of the upstream, who asks, and the credential by a digest.
    public let identity: TokenIdentity
    private let url: String
    private let clientID: String
    private let authentication: ClientAuthentication
    private let transport: any TokenEndpointTransport

    /// - Parameters:
    ///   - server: its origin: `http://127.0.0.1:8080`.
    ///   - name: of the upstream, as that server's configuration calls it.
    ///   - clientID: empty where every process of the host may ask.
    ///   - authentication: a secret in the `Authorization` header, or none.
    public init(
        _ server: String, name: String, clientID: String = "", authentication: ClientAuthentication = .none,
        transport: any TokenEndpointTransport
    ) {
        url = server.trimmingSlash + "/upstreams/" + String(decoding: Form.encode(name.utf8), as: UTF8.self)
        self.clientID = clientID
        self.authentication = authentication
        self.transport = transport
        identity = TokenIdentity(
            issuer: url, client: clientID, grant: "mintmark-upstream", parameters: [authentication.fingerprint(of: clientID)])
    }

    /// Asks for the token, after one that was rejected has been reported.
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        let begun = MonotonicTime.read()
        if let rejected = fetch.rejected {
            var json = JSONWriter()
            json.object { $0.member("access_token", rejected.text) }
            let answer = try await send("POST", "/invalidate", body: json.bytes, hiding: [rejected], timeout: fetch.timeout)
            guard answer.status == 200 else { throw answer.failure }
        }
        let left = fetch.timeout - (MonotonicTime.read() - begun)
        guard left > .zero else { throw TokenSourceError(.unreachable("no answer in time")) }
        return try await send("GET", "/token", body: nil, hiding: [], timeout: left).read(isBound: false).token
    }

    private func send(
        _ method: String, _ path: String, body: [UInt8]?, hiding secrets: [Secret], timeout: Duration
    ) async throws(TokenSourceError) -> TokenAnswer {
        let now = Moment.read().wall
        var request = TokenEndpointRequest(method, url + path, headers: [("Accept", "application/json")], body: body, timeout: timeout)
        if body != nil { request.headers.append(("Content-Type", "application/json")) }
        var form = Form()
        try authentication.apply(clientID: clientID, to: &request, &form, now: now)
        return TokenAnswer(try await transport.send(request), presented: secrets + authentication.secrets, now: Moment.read().wall)
    }
}

extension String {
    /// Without a slash at its end.
    var trimmingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}

extension Secret {
    /// As text, to be sent.
    var text: String { String(decoding: bytes, as: UTF8.self) }
}
