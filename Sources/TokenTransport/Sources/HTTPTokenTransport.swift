public import TokenClient
import TokenCore

/// How sources reach authorization servers: the fetcher, with `http` to this machine alone, no redirects and 256 KiB at most.
public struct HTTPTokenTransport: TokenEndpointTransport {
    private let fetcher = Fetcher()
    private let roots: [UInt8]?

    /// A transport.
    ///
    /// - Parameter roots: who may vouch for a server, as PEM; nil: whom the system believes.
    public init(roots: [UInt8]? = nil) { self.roots = roots }

    /// Sends one request on a connection of its own.
    public func send(_ request: TokenEndpointRequest) async throws(TokenSourceError) -> TokenEndpointResponse {
        do throws(TransportError) {
            let tls = FetchTLS(certificate: request.certificate.map { ($0.chain, $0.key) }, roots: roots)
            let outgoing = FetchRequest(
                try WebURL(request.url), method: request.method, headers: request.headers, body: request.body,
                tls: request.certificate == nil && roots == nil ? nil : tls)
            // A GET would be sent on by a redirect, with what it carries: none is followed.
            let policy = FetchPolicy(reach: .anywhere, deadline: request.timeout, largestBody: 262_144, redirects: 0)
            let response = try await fetcher.send(outgoing, policy: policy)
            return TokenEndpointResponse(status: response.status, headers: response.headers, body: Secret(response.body))
        } catch { throw TokenSourceError(error) }
    }
}

extension TokenSourceError {
    init(_ error: TransportError) {
        switch error {
        case .url, .forbidden, .certificate: self.init(.misconfigured("\(error)"))
        case .unresolved, .unreachable, .deadline: self.init(.unreachable("\(error)"))
        case .tooLarge: self.init(.notUnderstood("\(error)"))
        case .tooManyRedirects: self.init(.notUnderstood("It is a redirect, and none is followed with a secret."))
        }
    }
}
