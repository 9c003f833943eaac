import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A listener that could not be opened, so that the server did not start.
public struct CannotListen: Error, Sendable, Equatable {
    /// Which of the server's listeners.
    public enum Listener: Sendable, Equatable {
        case main
        case admin
        case metrics
    }

    /// Why.
    public enum Reason: Sendable, Equatable {
        /// Another program, or another instance, listens there.
        case inUse
        /// The name has no address.
        case unknownHost
        /// What the system said: it has no descriptors or memory left. Later it may.
        case exhausted(String)
        /// What the system said: the address is not this machine's, the port needs a privilege.
        case refused(String)
    }

    /// Which listener.
    public let listener: Listener
    /// Where it was to listen.
    public let address: TokenServer.Configuration.Address
    /// Why it does not.
    public let reason: Reason

    init(_ listener: Listener, at address: TokenServer.Configuration.Address, because error: any Error) {
        self.listener = listener
        self.address = address
        reason =
            switch error {
            case is SocketAddressError.UnknownHost: .unknownHost
            case let error as IOError where error.errnoCode == EADDRINUSE: .inUse
            case let error as IOError where [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode):
                .exhausted(String(cString: strerror(error.errnoCode)))
            case let error as IOError: .refused(String(cString: strerror(error.errnoCode)))
            default: .refused("\(error)")
            }
    }
}

extension TokenServer.Configuration.Address: CustomStringConvertible {
    /// Host and port, an IPv6 address in brackets (RFC 3986 section 3.2.2).
    public var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}
