import NIOCore

/// Tokens side by side in one row of bytes, so that a hundred thousand of them are one allocation and taking the next one
/// is a copy of a few hundred bytes.
struct TokenTable: Sendable {
    /// Longest access token that is kept, in bytes; ours are under 600.
    static let longestAccess = 1024
    /// Longest refresh token that is kept, in bytes; ours are under 150.
    static let longestRefresh = 256

    private let stride: Int
    private var bytes: [UInt8] = []
    private var lengths: [UInt16] = []

    /// - Parameter longest: room for each token, in bytes.
    init(longest: Int) {
        self.stride = longest
    }

    var count: Int { self.lengths.count }

    /// Adds a token; an empty one or one that is too long is refused with false.
    mutating func append(_ token: UnsafeRawBufferPointer) -> Bool {
        guard self.fits(token) else { return false }
        self.bytes.append(contentsOf: token)
        self.bytes.append(contentsOf: repeatElement(0, count: self.stride - token.count))
        self.lengths.append(UInt16(token.count))
        return true
    }

    /// Puts another token in the place of one.
    mutating func replace(_ index: Int, with token: UnsafeRawBufferPointer) -> Bool {
        guard self.fits(token) else { return false }
        let start = index * self.stride
        self.bytes.withUnsafeMutableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: bytes[start..<(start + token.count)]).copyMemory(from: token)
        }
        self.lengths[index] = UInt16(token.count)
        return true
    }

    /// Appends the token to `buffer`.
    func write(_ index: Int, into buffer: inout ByteBuffer) {
        let start = index * self.stride
        self.bytes.withUnsafeBytes { bytes in
            _ = buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + self.length(index))]))
        }
    }

    /// The token's length in bytes.
    func length(_ index: Int) -> Int { Int(self.lengths[index]) }

    /// The token itself, for the rare uses where it has to be taken apart.
    subscript(index: Int) -> [UInt8] {
        let start = index * self.stride
        return Array(self.bytes[start..<(start + self.length(index))])
    }

    private func fits(_ token: UnsafeRawBufferPointer) -> Bool {
        !token.isEmpty && token.count <= self.stride
    }
}
