import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One request over a Unix socket, to its end: what a command needs that asks a sidecar, and no more.
struct SocketExchange {
    let path: String
    /// Longer than a server keeps a caller that waits for a token.
    private static let patience = timeval(tv_sec: 30, tv_usec: 0)
    /// A token is at most 16 KiB; a list has some hundred bytes an upstream.
    private static let longest = 4 * 1024 * 1024

    /// Sends a request and reads the whole answer.
    ///
    /// - Throws: `unavailable` when nobody answers, `failed` for what is no HTTP.
    func ask(_ method: String, _ target: String, body: [UInt8]?) throws(CommandFailure) -> (status: Int, body: [UInt8]) {
        let file = try open()
        defer { close(file) }
        var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json\r\n"
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        try send(Array((head + "\r\n").utf8) + (body ?? []), to: file)
        return try Self.parse(try readAll(file))
    }

    private func open() throws(CommandFailure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw CommandFailure(.usage, "\(path) is longer than the name of a socket can be.")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        #if os(Linux)
        let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #else
        let file = socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        guard file >= 0 else { throw unavailable() }
        var patience = Self.patience
        _ = setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        _ = setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard result == 0 else {
            let failure = unavailable()
            close(file)
            throw failure
        }
        return file
    }

    private func send(_ bytes: [UInt8], to file: Int32) throws(CommandFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            #if os(Linux)
            let sent = rest.withUnsafeBytes { systemSend(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            #else
            let sent = rest.withUnsafeBytes { systemSend(file, $0.baseAddress, $0.count, 0) }
            #endif
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { throw unavailable() }
            rest = rest.dropFirst(sent)
        }
    }

    private func readAll(_ file: Int32) throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < Self.longest {
            let count = read(file, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unavailable() }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
        throw CommandFailure(.failed, "the server at \(path) answered with more than \(Self.longest) bytes.")
    }

    /// Our own server's answers have a length; the connection ends after one.
    private static func parse(_ bytes: [UInt8]) throws(CommandFailure) -> (status: Int, body: [UInt8]) {
        let end = Array("\r\n\r\n".utf8)
        guard let head = bytes.firstRange(of: end), let status = Int(String(decoding: bytes.dropFirst(9).prefix(3), as: UTF8.self)) else {
            throw CommandFailure(.failed, "the server answered with something that is not HTTP.")
        }
        return (status, Array(bytes[head.upperBound...]))
    }

    private func unavailable() -> CommandFailure {
        CommandFailure(.unavailable, "the server at \(path) does not answer: \(String(cString: strerror(errno)))")
    }
}

/// `send` of the C library, whose name a method of `SocketExchange` has too.
private func systemSend(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int { send(file, bytes, count, flags) }
