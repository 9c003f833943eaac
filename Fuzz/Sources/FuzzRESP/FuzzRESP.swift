import FuzzDriver
import NIOCore
import Valkey

/// Any bytes as replies: refused, or the same replies whether they come whole or one byte after the other, and readable to the last element.
@main
enum FuzzRESP {
    static func main() {
        _ = fuzz { data, count in
            let bytes = Array(UnsafeBufferPointer(start: data, count: count))
            var whole = ByteBuffer(bytes: bytes)
            while let token = try? RESPToken(consuming: &whole) { FuzzRESP.read(token) }
            var grown = ByteBuffer()
            // A reply that is complete before its last byte, or only after it, would show here.
            for byte in bytes.prefix(bytes.count - whole.readableBytes) {
                grown.writeInteger(byte)
                if let token = try? RESPToken(consuming: &grown) { FuzzRESP.read(token) }
            }
            precondition(grown.readableBytes == 0)
            return 0
        }
    }

    /// Walks every element; the reader trusts the scanner, so a gap between the two would trap.
    static func read(_ token: RESPToken) {
        _ = token.description
        _ = token.pairs
        _ = try? token.decode(as: [String: Int?].self)
        _ = try? token.decode(as: [ByteBuffer?].self)
        _ = try? token.decode(as: XREADResponse.self)
        _ = try? token.decode(as: Double.self)
    }
}
