import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization
import TokenClient
import TokenCore

/// `/upstreams/{name}/proxy/…`: the request goes on to the API with the token added, so that the program never sees it.
///
/// Bodies pass through in both directions piece by piece, no faster than the other side takes them. A short one is kept, so that the request can be sent
/// again with another token after a 401.
struct UpstreamProxy: Sendable {
    /// The label in metrics.
    static let route = "/upstreams/{name}/proxy"
    /// The longest body that is kept: what can be sent again at little cost of memory for each of many callers.
    private static let longestKept = 65_536
    /// Asking for these would show the request, and the token with it (RFC 9110 section 9.3.8), or open a tunnel.
    private static let refused: Set<HTTPRequest.Method> = [.trace, .connect]

    let room: UpstreamRoom
    let limits: Limits
    /// Requests under way, from their head to the end of their answer.
    let share: WorkShare
    /// What the API answered, and the token that it was asked with.
    typealias Answer = (response: ForwardedResponse, token: String)

    /// Sends a request on.
    ///
    /// - Throws: what is answered in the API's place.
    func answer(_ request: Request, from origin: Incoming.Origin) async throws(OAuthError) -> Answer {
        let target = request.head.path ?? ""
        guard let place = ProxyTarget(target) else { throw OAuthError(.invalidRequest, "The path could be read in two ways.") }
        guard !Self.refused.contains(request.method) else { throw OAuthError(.invalidRequest, "This method is not sent on.") }
        let incoming = Incoming(
            method: request.method, path: target, query: try Query(""), authority: request.head.authority ?? "", fields: request.headers, body: [],
            connection: origin, parameter: place.name)
        guard let found = try await room.find(incoming) else { throw .clientNeeded }
        guard let proxy = found.upstream.proxy else { throw .upstreamNotFound }
        let tooLong = Flag()
        let forwarded = ForwardedRequest(
            method: request.method.rawValue, url: proxy.base + place.rest, headers: ProxyFields.outgoing(request.headers),
            body: try await body(of: request, tooLong))
        let manager = found.manager
        let response = try await origin.untilDeparture { () async throws(OAuthError) in
            do throws(ForwardingError) { return try await proxy.forwarder.forward(forwarded, with: manager) } catch {
                throw tooLong.isSet ? .bodyTooLong : OAuthError(error)
            }
        }
        return (response, manager.current?.value ?? "")
    }

    private func body(of request: Request, _ tooLong: Flag) async throws(OAuthError) -> ForwardedRequest.Body {
        let length = request.headers[.contentLength].flatMap { Int($0) }
        if length == nil, !request.headers.contains(.transferEncoding), request.method == .get || request.method == .head { return .none }
        if let length, length > limits.proxiedBodyBytes { throw .bodyTooLong }
        guard let length, length <= Self.longestKept else {
            return .stream(Pieces(body: request.body, most: limits.proxiedBodyBytes, tooLong: tooLong), length: length)
        }
        do { return .whole(try await request.body.collect(upTo: Self.longestKept)) } catch {
            throw OAuthError(.invalidRequest, "The body broke off.", detail: "\(error)")
        }
    }
}

/// Where an upstream's proxy leads, and who goes there.
public struct UpstreamProxyPlace: Sendable {
    /// The API's URL without a slash at its end.
    let base: String
    let forwarder: any UpstreamForwarder

    /// - Parameter base: an absolute URL; what follows `/proxy` in a request is put behind it.
    public init(base: String, forwarder: any UpstreamForwarder) {
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.forwarder = forwarder
    }
}

/// The pieces of a request's body, up to a bound.
private struct Pieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error
    let body: RequestBody
    let most: Int
    /// Set when there is more: what is thrown here comes back in the words of an HTTP client.
    let tooLong: Flag

    struct Iterator: AsyncIteratorProtocol {
        var pieces: RequestBody.AsyncIterator
        var left: Int
        let tooLong: Flag

        mutating func next() async throws -> ByteBuffer? {
            guard let piece = try await pieces.next() else { return nil }
            left -= piece.readableBytes
            guard left >= 0 else {
                tooLong.set()
                throw OAuthError.bodyTooLong
            }
            return piece
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(pieces: body.makeAsyncIterator(), left: most, tooLong: tooLong) }
}

/// Something that one task finds out and another one asks.
private final class Flag: Sendable {
    private let value = Atomic(false)

    func set() { value.store(true, ordering: .releasing) }
    var isSet: Bool { value.load(ordering: .acquiring) }
}

extension OAuthError {
    fileprivate static let bodyTooLong = OAuthError(.contentTooLarge, "The body is too large.")

    fileprivate init(_ error: ForwardingError) {
        switch error {
        case .noToken(let error): self = .noUpstreamToken(error)
        case .timedOut: self.init(.temporarilyUnavailable, "The API did not answer in time.", retryAfter: .seconds(1))
        case .unreachable(let why): self.init(.temporarilyUnavailable, "The API cannot be reached.", detail: why, retryAfter: .seconds(1))
        }
    }
}
