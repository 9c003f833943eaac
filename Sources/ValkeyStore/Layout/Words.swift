import NIOCore
import Valkey

/// Words of a command side by side in one piece of memory. A commit has some thirty, most of them short: each in memory of its own would cost
/// more than all of what is in them.
struct Words {
    private var buffer = ByteBuffer()
    /// Where each word ends.
    private var ends: [Int] = []

    /// - Parameters:
    ///   - count: how many words there will be, about.
    ///   - bytes: how many bytes they will have together, about.
    init(count: Int, bytes: Int) {
        buffer.reserveCapacity(bytes)
        ends.reserveCapacity(count)
    }

    /// The next word.
    mutating func append(_ text: String) { append { $0.writeString(text) } }

    /// The next word: big endian, as the scripts compare numbers.
    mutating func append(_ number: some FixedWidthInteger) { append { $0.writeInteger(number) } }

    /// The next word.
    mutating func append(_ bytes: [UInt8]) { append { $0.writeBytes(bytes) } }

    /// The next word.
    mutating func append(_ word: ValkeyKey) { append { $0.writeImmutableBuffer(word.bytes) } }

    /// The next word, written by the body.
    mutating func append<Value>(_ body: (inout ByteBuffer) -> Value) {
        _ = body(&buffer)
        ends.append(buffer.writerIndex)
    }

    /// The words, in two parts.
    func split(after count: Int) -> ([ValkeyKey], [ValkeyKey]) { (words(0..<count), words(count..<ends.count)) }

    private func words(_ range: Range<Int>) -> [ValkeyKey] {
        range.map { index in
            let start = index == 0 ? 0 : ends[index - 1]
            guard let slice = buffer.getSlice(at: start, length: ends[index] - start) else { preconditionFailure("A word ends before it begins.") }
            return ValkeyKey(slice)
        }
    }
}
