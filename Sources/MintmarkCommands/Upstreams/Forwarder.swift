import TokenClient
import TokenHTTP
import TokenTransport

/// Joins the reverse proxy of upstreams to the HTTP client that adds tokens.
struct Forwarder: UpstreamForwarder {
    private let stream: AuthorizedStream

    /// - Parameter binding: of the source whose tokens it adds.
    /// - Throws: a certificate that cannot be used.
    init(_ binding: UpstreamBinding) throws(TransportError) { stream = try AuthorizedStream(prover: binding.prover, tls: binding.tls) }

    func forward(_ request: ForwardedRequest, with manager: TokenManager) async throws(ForwardingError) -> ForwardedResponse {
        let body: AuthorizedStream.Body =
            switch request.body {
            case .none: .none
            case .whole(let bytes): .whole(bytes)
            case .stream(let pieces, let length): .stream(pieces, length: length)
            }
        do {
            let answer = try await stream.send(request.method, request.url, headers: request.headers, body: body, with: manager)
            return ForwardedResponse(status: answer.status, headers: answer.headers, body: answer.body)
        } catch { throw ForwardingError(error) }
    }
}

extension ForwardingError {
    fileprivate init(_ error: AuthorizedHTTPError) {
        switch error {
        case .noToken(let error): self = .noToken(error)
        case .deadline, .cancelled: self = .timedOut
        case .url, .insecure, .unusable, .proof, .unreachable: self = .unreachable("\(error)")
        }
    }
}
