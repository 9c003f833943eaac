import NIOCore
import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Who asks for a token of somebody else's, once that is known.
enum UpstreamIdentity: Sendable, Hashable {
    /// A client that has proved who it is.
    case client(id: String, name: String)
    /// A program of this machine.
    case local
    /// A process at the other end of a Unix socket.
    case process(user: UInt32)
    /// The holder of the admin credential.
    case administrator
}

extension Upstream {
    /// The manager whose token a caller gets; nil for who may have none.
    func manager(for identity: UpstreamIdentity) -> TokenManagerPlace? {
        switch identity {
        case .administrator: TokenManagerPlace(manager: manager, rule: nil)
        case .local: place { $0 == .loopback }
        case .process(let user): place { $0 == .user(user) } ?? place { $0 == .loopback }
        case .client(let id, let name): place { $0 == .client(id) } ?? place { $0 == .client(name) }
        }
    }

    private func place(_ isIt: (UpstreamCaller) -> Bool) -> TokenManagerPlace? {
        rules.firstIndex { isIt($0.caller) }.map { TokenManagerPlace(manager: rules[$0].manager, rule: $0) }
    }
}

/// Which process is at the other end of a Unix socket, as the system noted it when it connected.
enum PeerUser {
    /// The user's number; nil for a connection that is not one of a Unix socket. Completes at once on the connection's loop.
    static func of(_ channel: any Channel) -> EventLoopFuture<UInt32?> {
        guard case .unixDomainSocket? = channel.localAddress, let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(nil)
        }
        #if canImport(Darwin)
        let answer: EventLoopFuture<xucred> = options.unsafeGetSocketOption(level: .init(rawValue: 0), name: .init(rawValue: LOCAL_PEERCRED))
        return answer.map { $0.cr_version == XUCRED_VERSION ? $0.cr_uid : nil }
        #else
        let answer: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(level: .socket, name: .init(rawValue: SO_PEERCRED))
        return answer.map { $0.user }
        #endif
    }
}

#if !canImport(Darwin)
/// `struct ucred` of Linux (unix(7)).
private struct PeerCredentials: Sendable {
    var process: Int32
    var user: UInt32
    var group: UInt32
}
#endif

/// Who is at the other end of a connection, as far as its socket tells.
enum Peer {
    /// An address.
    case address(IPAddress)
    /// A user of this machine.
    case user(UInt32)
    /// Nobody can tell.
    case unknown

    /// Asks the system; on the connection's loop.
    init(of channel: any Channel) {
        if let address = channel.remoteAddress?.ip {
            self = .address(address)
            return
        }
        // On its own loop the future is complete when it is made.
        let answer = NIOLoopBoundBox<UInt32?>(nil, eventLoop: channel.eventLoop)
        PeerUser.of(channel).whenSuccess { answer.value = $0 }
        self = answer.value.map { .user($0) } ?? .unknown
    }
}
