import NIOCore
import NIOPosix
import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// From a name to its addresses. A test stands in with its own table.
struct Resolver: Sendable {
    /// Every address of a name in the order to try them; empty if it has none.
    let addresses: @Sendable (_ host: String, _ deadline: NIODeadline) async throws(TransportError) -> [IPAddress]

    /// What the operating system knows.
    static let system = Resolver { host, deadline throws(TransportError) in
        if let address = IPAddress(host) { return [address] }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: [IPAddress].self)
        // The call cannot be interrupted: past the deadline its thread is left to end by itself, and the answer is not awaited.
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) { lookUp(host) }.cascade(to: promise)
        let alarm = loop.scheduleTask(deadline: deadline) { promise.succeed([]) }
        defer { alarm.cancel() }
        do { return try await promise.futureResult.get() } catch { throw .unresolved(host: host) }
    }

    private static func lookUp(_ host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var head: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &head) == 0 else { return [] }
        defer { freeaddrinfo(head) }
        var found: [IPAddress] = []
        var next = head
        while let entry = next?.pointee {
            if let address = address(of: entry), !found.contains(address) { found.append(address) }
            next = entry.ai_next
        }
        return found
    }

    private static func address(of entry: addrinfo) -> IPAddress? {
        switch entry.ai_family {
        case AF_INET:
            entry.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { socket in
                withUnsafeBytes(of: socket.pointee.sin_addr) { IPAddress(bytes: $0) }
            }
        case AF_INET6:
            entry.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { socket in
                withUnsafeBytes(of: socket.pointee.sin6_addr) { IPAddress(bytes: $0) }
            }
        default: nil
        }
    }
}
