public import NIOCore
public import TokenClient

/// Sends requests on to the API that an upstream's tokens are for, each with the token. Who implements it has the HTTP client.
///
/// Promises of an implementer:
/// - The token goes to the origin of `url` alone: no redirect is followed.
/// - After a 401 the token is rejected (`TokenManager.invalidate`), and the request is sent once more with another, if its body can be sent again.
/// - It ends when its task is cancelled.
public protocol UpstreamForwarder: Sendable {
    /// Sends a request and brings the head of its answer; the body follows as it is read.
    ///
    /// - Throws: `ForwardingError`.
    func forward(_ request: ForwardedRequest, with manager: TokenManager) async throws(ForwardingError) -> ForwardedResponse
}

/// A request as it goes on: nothing in it is for this hop alone.
public struct ForwardedRequest: Sendable {
    /// A body.
    public enum Body: Sendable {
        /// There is none.
        case none
        /// Bytes that can be sent again.
        case whole(ByteBuffer)
        /// What comes as it is read, once.
        ///
        /// - length: as it was announced; nil when it was not.
        case stream(any AsyncSequence<ByteBuffer, any Error> & Sendable, length: Int?)
    }

    /// The method.
    public let method: String
    /// Where to: an absolute URL.
    public let url: String
    /// Names and values.
    public let headers: [(name: String, value: String)]
    /// The body.
    public let body: Body
}

/// An answer to it.
public struct ForwardedResponse: Sendable {
    /// Its status.
    public let status: Int
    /// Names and values, as they came.
    public let headers: [(name: String, value: String)]
    /// Its body.
    public let body: any AsyncSequence<ByteBuffer, any Error> & Sendable

    /// An answer.
    public init(status: Int, headers: [(name: String, value: String)], body: any AsyncSequence<ByteBuffer, any Error> & Sendable) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why there is no answer.
public enum ForwardingError: Error, Sendable {
    /// There is no token to send it with.
    case noToken(TokenManagerError)
    /// The API did not answer in time.
    case timedOut
    /// The API cannot be reached; for the log.
    case unreachable(String)
}
