#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A port of 127.0.0.1 that is nobody else's as long as this lives, in whatever process.
///
/// Whoever asks for one listens on a port beside it, which the system gives to one process alone and takes back from one that crashed.
final class Port: Sendable {
    /// Nobody listens on it, nor on the one 10,000 above it, where a node of a cluster talks to the others.
    let number: Int
    private let claim: CInt

    private init(_ number: Int, claim: CInt) {
        self.number = number
        self.claim = claim
    }

    deinit { close(claim) }

    /// Takes one.
    static func claimed() throws -> Port {
        for _ in 0..<1000 {
            // All three below 32,768, where Linux begins to give ports to outgoing connections: one of those may come between this look and the start.
            let number = Int.random(in: 20_000..<22_700)
            guard let claim = listening(number + 5_000) else { continue }
            if isFree(number), isFree(number + 10_000) { return Port(number, claim: claim) }
            close(claim)
        }
        throw ServerTrouble("There is no free port.")
    }

    private static func isFree(_ port: Int) -> Bool {
        guard let socket = listening(port) else { return false }
        close(socket)
        return true
    }

    /// A socket that listens there and is not handed to the programs that this one starts; nil: somebody has the port.
    private static func listening(_ port: Int) -> CInt? {
        var result: CInt?
        let isMine = withSocket(port) { socket, address, length in
            var yes: CInt = 1
            setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
            guard sysBind(socket, address, length), listen(socket, 1) == 0 else { return false }
            let copy = fcntl(socket, F_DUPFD_CLOEXEC, 0)
            result = copy
            return copy >= 0
        }
        return isMine ? result : nil
    }

    /// Whether somebody listens.
    static func answers(_ port: Int) -> Bool { withSocket(port) { connect($0, $1, $2) == 0 } }

    /// A connection, to be closed by the caller.
    static func connected(_ port: Int) throws -> CInt {
        var result: CInt = -1
        let isConnected = withSocket(port) { socket, address, length in
            guard connect(socket, address, length) == 0 else { return false }
            result = dup(socket)
            return result >= 0
        }
        guard isConnected else { throw ServerTrouble("Nobody listens on port \(port).") }
        return result
    }

    private static func withSocket(_ port: Int, _ body: (CInt, UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        #if canImport(Glibc)
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let socket = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}

private func sysBind(_ socket: CInt, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Bool { bind(socket, address, length) == 0 }
