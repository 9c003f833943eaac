import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import TokenClient
import TokenCore

/// One call of an authorized client: the request, its repetition after a 401, and the redirects that it is sent on by.
struct AuthorizedExchange {
    private let client: AuthorizedHTTPClient
    private let deadline: NIODeadline
    /// Whether the body may be sent a second time.
    private let canRepeat: Bool
    private var request: HTTPClientRequest
    private var url: WebURL
    /// False once a redirect has left the origin.
    private var carriesToken = true
    private var hasRepeated = false

    init(
        of request: HTTPClientRequest, by client: AuthorizedHTTPClient, deadline: NIODeadline, canRepeat: Bool
    ) throws(AuthorizedHTTPError) {
        self.client = client
        self.deadline = deadline
        self.canRepeat = canRepeat
        self.request = request
        do { url = try WebURL(request.url, longest: Self.longestURL) } catch { throw .url(error) }
        guard url.isSecure || url.isThisMachine else { throw .insecure(host: url.host) }
    }

    /// As long as a request line that servers take.
    private static let longestURL = 8192

    /// The last answer.
    mutating func run() async throws(AuthorizedHTTPError) -> HTTPClientResponse {
        var followed = 0
        while true {
            let token = carriesToken ? try await token() : nil
            let response = try await send(with: token)
            if let token, response.status == .unauthorized, wasMended(response, token) { continue }
            guard followed < client.redirects, follow(response) else { return response }
            followed += 1
        }
    }

    /// What a 401 says about the token is told to the manager; true if the request is to be sent again.
    private mutating func wasMended(_ response: HTTPClientResponse, _ token: AccessToken) -> Bool {
        // A new nonce mends the proof, not the token (RFC 9449 section 9).
        let wantsNonce = client.prover != nil && response.headers["WWW-Authenticate"].contains { $0.contains("use_dpop_nonce") }
        if !wantsNonce { client.manager.invalidate(token) }
        guard !hasRepeated, canRepeat else { return false }
        hasRepeated = true
        return true
    }

    private func token() async throws(AuthorizedHTTPError) -> AccessToken {
        let left = Duration(deadline - .now())
        guard left > .zero else { throw .deadline }
        do { return try await client.manager.token(within: left) } catch let error as TokenManagerError {
            throw error == .deadline ? .deadline : .noToken(error)
        } catch { throw .cancelled }
    }

    private func send(with token: AccessToken?) async throws(AuthorizedHTTPError) -> HTTPClientResponse {
        var outgoing = request
        outgoing.url = "\(url)"
        if let token { try show(token, in: &outgoing) }
        do {
            let response = try await client.client.execute(outgoing, deadline: deadline)
            if token != nil, let nonce = response.headers.first(name: "DPoP-Nonce") { client.prover?.remember(nonce: nonce, of: "\(url)") }
            return response
        } catch { throw Self.translate(error, host: url.host) }
    }

    private func show(_ token: AccessToken, in outgoing: inout HTTPClientRequest) throws(AuthorizedHTTPError) {
        outgoing.headers.replaceOrAdd(name: "Authorization", value: "\(token.type) \(token.value)")
        switch (token.type, client.prover) {
        case ("Bearer", _): return
        case ("DPoP", let prover?):
            let method = outgoing.method.rawValue
            do throws(TokenSourceError) {
                let proof = try prover.proof(method: method, url: "\(url)", token: token.value)
                outgoing.headers.replaceOrAdd(name: "DPoP", value: proof)
            } catch { throw .proof(error) }
        default: throw .unusable(type: token.type)
        }
    }

    /// Makes the request the one that a redirect asks for (RFC 9110 section 15.4); false if there is none, or none that can be followed.
    private mutating func follow(_ response: HTTPClientResponse) -> Bool {
        guard let location = response.headers.first(name: "Location"),
            let next = try? url.resolving(String(location.prefix { $0 != "#" }), longest: Self.longestURL)
        else { return false }
        switch response.status.code {
        case 301, 302, 303:
            if request.method != .GET, request.method != .HEAD {
                request.method = .GET
                request.body = nil
                for name in ["Content-Type", "Content-Length", "Transfer-Encoding"] { request.headers.remove(name: name) }
            }
        case 307, 308: guard canRepeat else { return false }
        default: return false
        }
        if next.origin != url.origin {
            carriesToken = false
            for name in ["Authorization", "DPoP", "Cookie", "Proxy-Authorization", "Host"] { request.headers.remove(name: name) }
        }
        url = next
        return true
    }

    private static func translate(_ error: any Error, host: String) -> AuthorizedHTTPError {
        if error is CancellationError { return .cancelled }
        switch error as? HTTPClientError {
        case .cancelled?: return .cancelled
        case .deadlineExceeded?, .connectTimeout?, .readTimeout?: return .deadline
        default: return .unreachable(host: host, detail: "\(error)")
        }
    }
}

extension WebURL {
    /// Whether the host can be nothing but this machine.
    fileprivate var isThisMachine: Bool { host == "localhost" || IPAddress(host)?.isLoopback == true }
}
