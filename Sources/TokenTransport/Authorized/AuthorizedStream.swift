import AsyncHTTPClient
public import NIOCore
import NIOHTTP1
import NIOSSL
public import TokenClient
import TokenCore

/// Sends somebody else's requests with a manager's token, bodies passing through as they come: what a reverse proxy needs, without its importing an
/// HTTP client.
public struct AuthorizedStream: Sendable {
    /// A body on its way: read once.
    public typealias Pieces = any AsyncSequence<ByteBuffer, any Error> & Sendable

    /// What is sent with a request.
    public enum Body: Sendable {
        /// Nothing.
        case none
        /// Bytes that can be sent again.
        case whole(ByteBuffer)
        /// What comes as it is read, of this length if it is known.
        case stream(Pieces, length: Int?)
    }

    /// An answer, its body as it comes.
    public struct Answer: Sendable {
        /// Its status.
        public let status: Int
        /// Names and values.
        public let headers: [(name: String, value: String)]
        /// Its body.
        public let body: Pieces
    }

    private let connections: AuthorizedConnections
    private let timeout: Duration
    private let prover: DPoPProver?
    private let tls: TLSConfiguration?

    /// - Parameters:
    ///   - timeout: for the token, the request and the head of the answer; its body may take longer, as long as it goes on coming.
    ///   - prover: of the source, where its tokens are bound to a key.
    ///   - tls: what is shown and believed when a secure connection is made.
    /// - Throws: `.certificate` where that cannot be read.
    public init(
        connections: AuthorizedConnections = .streaming, timeout: Duration = .seconds(60), prover: DPoPProver? = nil, tls: FetchTLS? = nil
    ) throws(TransportError) {
        self.connections = connections
        self.timeout = timeout
        self.prover = prover
        self.tls = try tls?.configuration()
    }

    /// Sends a request. No redirect is followed; after a 401 another token is fetched, and a body that can be sent again is.
    ///
    /// - Throws: `AuthorizedHTTPError`.
    public func send(
        _ method: String, _ url: String, headers: [(name: String, value: String)], body: Body, with manager: TokenManager
    ) async throws(AuthorizedHTTPError) -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        request.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
        request.tlsConfiguration = tls
        var canBeSentAgain = true
        switch body {
        case .none: break
        case .whole(let bytes): request.body = .bytes(bytes)
        case .stream(let pieces, let length):
            canBeSentAgain = false
            request.body = .stream(AnyPieces(pieces), length: length.map { .known(Int64($0)) } ?? .unknown)
        }
        let client = AuthorizedHTTPClient(manager, prover: prover, connections: connections, redirects: 0)
        let response = try await client.execute(request, timeout: timeout, bodyCanBeSentAgain: canBeSentAgain)
        return Answer(
            status: Int(response.status.code), headers: response.headers.map { (name: $0.name, value: $0.value) }, body: AnyPieces(response.body))
    }
}

/// Pieces without the type of who brings them.
private struct AnyPieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error
    private let make: @Sendable () -> Iterator

    init<Source: AsyncSequence & Sendable>(_ source: Source) where Source.Element == ByteBuffer {
        make = {
            var iterator = source.makeAsyncIterator()
            return Iterator { try await iterator.next() }
        }
    }

    struct Iterator: AsyncIteratorProtocol {
        let step: () async throws -> ByteBuffer?

        mutating func next() async throws -> ByteBuffer? { try await step() }
    }

    func makeAsyncIterator() -> Iterator { make() }
}
