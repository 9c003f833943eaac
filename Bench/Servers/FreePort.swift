#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Ports on 127.0.0.1 for servers that cannot choose one themselves.
enum FreePort {
    /// A port that was free a moment ago. Somebody else may take it before the server does; then the server says so.
    static func find() throws(BenchError) -> Int {
        let listener = try self.socket()
        defer { close(listener) }
        var address = self.address(port: 0)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = self.withAddress(&address) { bind(listener, $0, length) }
        var size = length
        guard bound == 0, self.withAddress(&address, { getsockname(listener, $0, &size) }) == 0 else {
            throw BenchError("no free port: errno \(errno)")
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Waits until something listens on `port`.
    static func wait(until port: Int, acceptsFor process: ChildProcess) async throws(BenchError) {
        try await process.wait { _ in self.accepts(port) ? () : nil }
    }

    /// Whether a connection can be made.
    static func accepts(_ port: Int) -> Bool {
        guard let client = try? self.socket() else { return false }
        defer { close(client) }
        var address = self.address(port: port)
        return self.withAddress(&address) { connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) } == 0
    }

    private static func socket() throws(BenchError) -> Int32 {
        #if canImport(Glibc)
        let made = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #elseif canImport(Musl)
        let made = Musl.socket(AF_INET, SOCK_STREAM, 0)
        #else
        let made = Darwin.socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard made >= 0 else { throw BenchError("no socket: errno \(errno)") }
        return made
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withAddress<T>(_ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> T) -> T {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}
