import NIOHTTP1
import TokenCore

extension LocalCaller {
    /// The rule for a request without a body, of whose head no fields have been made: as `refusal`, in one pass.
    ///
    /// - Parameter host: the one Host.
    func admits(_ head: HTTPRequestHead, host: String, peer: IPAddress) -> Bool {
        let isLoopback = peer.isLoopback
        guard isLoopback || alsoFrom.contains(where: { $0.contains(peer) }), !isLoopback || LoopbackName.isOne(host) else { return false }
        return !head.headers.contains { Self.tellsOfProxyOrBrowser($0.name) }
    }

    private static func tellsOfProxyOrBrowser(_ name: String) -> Bool {
        guard let first = name.utf8.first, initials.contains(first | 0x20) else { return false }
        let name = name.lowercased()
        return tellsOfProxy(name) || tellsOfBrowser(name)
    }

    /// What such names begin with: those of proxies, and of `origin` and `sec-fetch-…`.
    private static let initials = Array("fvxtcos".utf8)
}
