#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The lines of a file, read piece by piece. For one task at a time.
final class FileLines {
    private let descriptor: Int32
    private var piece: [UInt8] = []
    private var position = 0
    private static let pieceBytes = 65_536

    /// Opens a file; nil when it cannot be read.
    init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// The next line without its end; nil at the end of the file, and where it cannot be read on.
    func next() -> String? {
        var line: [UInt8] = []
        var hasLine = false
        while position < piece.count || fill() {
            hasLine = true
            guard let end = piece[position...].firstIndex(of: UInt8(ascii: "\n")) else {
                line += piece[position...]
                position = piece.count
                continue
            }
            line += piece[position..<end]
            position = end + 1
            return String(decoding: line, as: UTF8.self)
        }
        return hasLine ? String(decoding: line, as: UTF8.self) : nil
    }

    private func fill() -> Bool {
        piece = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, Self.pieceBytes))
        }
        position = 0
        return !piece.isEmpty
    }
}
