import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import TokenCore

/// Fetches over HTTP within a policy (canon 20 and 57).
///
/// A name is resolved once, every address is judged, and the connection goes to an address that was judged: a name
/// server that answers differently the second time gains nothing. TLS still checks the certificate against the name. Proxies of
/// the environment are not used. No connection outlives its fetch.
public struct Fetcher: Sendable {
    private let resolver: Resolver

    /// One that resolves names as the operating system does.
    public init() { self.init(resolver: .system) }

    init(resolver: Resolver) { self.resolver = resolver }

    /// Sends the request and reads the answer, following redirects of a GET.
    ///
    /// - Returns: the last answer, also one of status 400 or 500.
    /// - Throws: `.forbidden` before any connection that the policy does not reach; `.deadline`, `.tooLarge`, …
    public func send(_ request: FetchRequest, policy: FetchPolicy) async throws(TransportError) -> FetchResponse {
        let deadline = NIODeadline.now() + TimeAmount(policy.deadline)
        var request = request
        var reach = policy.reach
        for _ in 0...policy.redirects {
            let response = try await exchange(request, reach: reach, limit: policy.largestBody, deadline: deadline)
            guard request.method == "GET", Self.redirects.contains(response.status), let location = response.headers["location"] else {
                return response
            }
            let next = try request.url.resolving(location)
            if next.origin != request.url.origin {
                request.headers = []
                request.tls?.certificate = nil
            }
            request.url = next
            reach = .publicInternet
        }
        throw .tooManyRedirects(limit: policy.redirects)
    }

    /// Those that keep a GET a GET.
    private static let redirects: Set<Int> = [301, 302, 303, 307, 308]

    /// Tries the addresses of the host in turn, until one accepts the connection.
    private func exchange(
        _ request: FetchRequest, reach: FetchPolicy.Reach, limit: Int, deadline: NIODeadline
    ) async throws(TransportError) -> FetchResponse {
        let host = request.url.host
        let addresses = try await resolver.addresses(host, deadline)
        guard let last = addresses.last else { throw .unresolved(host: host) }
        try Self.judge(request.url, addresses, reach: reach)
        for address in addresses.dropLast() {
            do {
                return try await Connection(request: request, address: address).run(limit: limit, deadline: deadline)
            } catch TransportError.unreachable {
                continue
            }
        }
        return try await Connection(request: request, address: last).run(limit: limit, deadline: deadline)
    }

    /// One bad address spoils the name: an honest public name has none.
    private static func judge(_ url: WebURL, _ addresses: [IPAddress], reach: FetchPolicy.Reach) throws(TransportError) {
        if reach == .publicInternet, let address = addresses.first(where: { !PublicAddresses.contain($0) }) {
            throw .forbidden(host: url.host, .notPublic("\(address)"))
        }
        if !url.isSecure, !addresses.allSatisfy(\.isLoopback) { throw .forbidden(host: url.host, .clear) }
    }
}
