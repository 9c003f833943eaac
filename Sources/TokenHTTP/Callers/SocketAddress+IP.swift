import NIOCore
import TokenCore

extension SocketAddress {
    /// The address without its port; nil for a Unix socket.
    var ip: IPAddress? {
        // Where the address lies in sockaddr_in and sockaddr_in6 is the same on every system: after family, port and, in the latter, flow.
        switch self {
        case .v4(let address): withUnsafeBytes(of: address.address) { IPAddress(bytes: $0[4..<8]) }
        case .v6(let address): withUnsafeBytes(of: address.address) { IPAddress(bytes: $0[8..<24]) }
        case .unixDomainSocket: nil
        }
    }
}
