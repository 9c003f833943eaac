#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The servers' plain protocol: a line of words, and a reply that ends where QUIT's `+OK` begins.
enum Line {
    static func exchange(port: Int, _ line: String) throws -> String {
        let socket = try Port.connected(port)
        defer { close(socket) }
        let bytes = Array("\(line)\r\nQUIT\r\n".utf8)
        guard send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else { throw ServerTrouble("Port \(port) takes nothing.") }
        var reply: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            reply += chunk[..<count]
        }
        return String(decoding: reply.dropLast(5), as: UTF8.self)
    }
}
