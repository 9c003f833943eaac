public import AsyncHTTPClient
import NIOCore
import NIOHTTP1
public import TokenClient
import TokenCore

/// An HTTP client whose requests carry a manager's token.
///
///     let http = AuthorizedHTTPClient(manager)
///     let response = try await http.execute(HTTPClientRequest(url: "https://crm.example/customers"))
///
/// - A 401 makes the manager fetch another token, and the request is sent once more with it. However many requests find out together: one fetch.
///   Where the source has no other token there is none (`.noToken`), and the refused one is not shown again before a pause.
/// - The token goes to the origin of the request's URL and to no other. A redirect that leads elsewhere is followed without it, and whatever comes
///   after that too: a stranger has named the URL.
/// - It goes nowhere over plain `http`, except to this machine.
public struct AuthorizedHTTPClient: Sendable {
    let manager: TokenManager
    let client: HTTPClient
    let prover: DPoPProver?
    let redirects: Int

    /// A client for one manager's token.
    ///
    /// - Parameters:
    ///   - prover: of the source, where its tokens are bound to a key.
    ///   - connections: shared by the whole process unless told otherwise.
    ///   - redirects: how many are followed; beyond that the redirect is the answer.
    public init(
        _ manager: TokenManager, prover: DPoPProver? = nil, connections: AuthorizedConnections = .shared, redirects: Int = 5
    ) {
        self.manager = manager
        self.prover = prover
        self.redirects = max(0, redirects)
        client = connections.client
    }

    /// Sends the request with the token in `Authorization`.
    ///
    /// - Parameters:
    ///   - request: its headers of the same name are replaced.
    ///   - timeout: for the token, redirects and the head of the last answer. The body may take longer.
    ///   - bodyCanBeSentAgain: whether the body is the same every time it is read: true for bytes, false for a stream. Without that, a 401 is the answer,
    ///     although the next request has another token.
    /// - Returns: the last answer, with its body as it comes.
    /// - Throws: `AuthorizedHTTPError`.
    public func execute(
        _ request: HTTPClientRequest, timeout: Duration = .seconds(30), bodyCanBeSentAgain: Bool = true
    ) async throws(AuthorizedHTTPError) -> HTTPClientResponse {
        var exchange = try AuthorizedExchange(
            of: request, by: self, deadline: .now() + TimeAmount(timeout), canRepeat: request.body == nil || bodyCanBeSentAgain)
        return try await exchange.run()
    }
}

/// Connections that follow no redirect by themselves: what that means for a token is decided here.
public final class AuthorizedConnections: Sendable {
    let client: HTTPClient

    /// One set of connections for the whole process. It is never shut down.
    public static let shared = AuthorizedConnections(HTTPClient.Configuration())

    /// The same for answers that are passed on as they come: one that says nothing for a minute is given up, or nobody would ever notice.
    public static let streaming = AuthorizedConnections(HTTPClient.Configuration(timeout: .init(read: .seconds(60))))

    /// Connections of your own, with certificates, proxies or limits.
    ///
    /// - Parameter configuration: what it says of redirects is not used.
    public init(_ configuration: HTTPClient.Configuration) {
        var configuration = configuration
        configuration.redirectConfiguration = .disallow
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes them; must be called on those of your own before they are let go.
    ///
    /// - Throws: what the client says, such as that it was shut down before.
    public func shutdown() async throws { try await client.shutdown() }
}

/// Why there is no answer.
public enum AuthorizedHTTPError: Error, Sendable {
    /// There is no token.
    case noToken(TokenManagerError)
    /// Not an absolute URL of `http` or `https` in its plain form.
    case url(TransportError)
    /// The token would go over plain `http` to this host, which is not this machine.
    case insecure(host: String)
    /// The token is of a kind that cannot be sent: bound to a key, and there is no prover, for instance.
    case unusable(type: String)
    /// A proof cannot be made.
    case proof(TokenSourceError)
    /// The time is over.
    case deadline
    /// The caller's task was cancelled.
    case cancelled
    /// No answer: what the client said.
    case unreachable(host: String, detail: String)
}

extension AuthorizedHTTPError: CustomStringConvertible {
    /// A sentence for a log.
    public var description: String {
        switch self {
        case .noToken(let error): error.description
        case .url(let error): error.description
        case .insecure(let host): "\(host) is another machine: a token goes there over https only."
        case .unusable(let type): "A token of type '\(type)' cannot be sent."
        case .proof(let error): error.description
        case .deadline: "There was no answer in time."
        case .cancelled: "The request was cancelled."
        case .unreachable(let host, let detail): "\(host) cannot be reached: \(detail)"
        }
    }
}
