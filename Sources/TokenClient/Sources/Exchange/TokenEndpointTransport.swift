public import TokenCore

/// How a source reaches an authorization server: one request, one answer. `TokenTransport` has the implementation that programs use.
///
/// Promises of an implementer:
/// - Plain `http` goes to this machine alone; the certificate of everybody else is checked.
/// - No redirect is followed: a secret would go where nobody sent it.
/// - A body of more than 256 KiB is refused, and the deadline holds for everything together.
/// - An error says nothing of the request's headers and body.
public protocol TokenEndpointTransport: Sendable {
    /// Sends the request.
    ///
    /// - Returns: the answer, whatever its status.
    /// - Throws: `.unreachable` when there was none, `.notUnderstood` for one that is too long, `.misconfigured` for a URL that cannot be meant.
    func send(_ request: TokenEndpointRequest) async throws(TokenSourceError) -> TokenEndpointResponse
}

/// One request of a source. Prints without what it carries.
public struct TokenEndpointRequest: Sendable {
    /// `POST`, or `GET`.
    public var method: String
    /// An absolute `http` or `https` URL.
    public var url: String
    /// In their order.
    public var headers: [(name: String, value: String)]
    /// Nil: none.
    public var body: [UInt8]?
    /// For everything together: names, connection, answer.
    public var timeout: Duration
    /// What the client shows of itself when the connection is made (RFC 8705); nil: nothing.
    public var certificate: ClientCertificate?

    /// A request.
    public init(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil, timeout: Duration,
        certificate: ClientCertificate? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.certificate = certificate
    }
}

extension TokenEndpointRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Method and URL; headers and body hold secrets (canon 59).
    public var description: String { "\(method) \(url)" }
    /// As `description`.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What came back. Prints without its body.
public struct TokenEndpointResponse: Sendable {
    /// 200, 400, …
    public var status: Int
    /// The first value of each header, by its name in lower case.
    public var headers: [String: String]
    /// At most 256 KiB.
    public var body: Secret

    /// An answer.
    public init(status: Int, headers: [String: String], body: Secret) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// A certificate of a client and its key, for mutual TLS (RFC 8705).
public struct ClientCertificate: Sendable {
    /// The certificate and those that it needs, as PEM, the client's own first.
    public let chain: [UInt8]
    /// Its private key, as PEM.
    public let key: Secret

    /// A certificate and its key, both as PEM. They are read when the first connection is made.
    public init(chain: [UInt8], key: Secret) {
        self.chain = chain
        self.key = key
    }
}
