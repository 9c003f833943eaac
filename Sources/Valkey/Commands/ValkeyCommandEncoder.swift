public import NIOCore

/// Writes commands as the server reads them: an array of bulk strings.
public struct ValkeyCommandEncoder: Sendable {
    /// What is written so far.
    public private(set) var buffer = ByteBuffer()

    /// An empty one.
    public init() {}

    /// Writes one command.
    ///
    /// - Parameter arguments: its name and its arguments; an optional that is nil and an empty array are none.
    public mutating func encodeArray<each Argument: RESPRenderable>(_ arguments: repeat each Argument) {
        var count = 0
        for argument in repeat each arguments { count += argument.respEntries }
        writeCount(count, after: .array)
        for argument in repeat each arguments { argument.encode(into: &self) }
    }

    /// Begins one command, for what writes its arguments itself.
    ///
    /// - Parameters:
    ///   - count: how many bulk strings follow.
    ///   - bytes: how many bytes they have together: room is made once.
    mutating func beginArray(_ count: Int, bytes: Int) {
        buffer.reserveCapacity(minimumWritableBytes: bytes + (count + 1) * Self.mostAround)
        writeCount(count, after: .array)
    }

    /// Writes one argument.
    public mutating func encodeBulkString(_ string: String) {
        var string = string
        string.withUTF8 { writeBulkString(UnsafeRawBufferPointer($0)) }
    }

    /// Writes one argument.
    public mutating func encodeBulkString(_ bytes: ByteBuffer) { bytes.withUnsafeReadableBytes { writeBulkString($0) } }

    /// Writes one argument.
    public mutating func encodeBulkString(_ bytes: some Collection<UInt8>) {
        let isWritten: Void? = bytes.withContiguousStorageIfAvailable { writeBulkString(UnsafeRawBufferPointer($0)) }
        if isWritten == nil { encodeBulkString(ByteBuffer(bytes: bytes)) }
    }

    /// The most bytes around a bulk string: a sign, nineteen digits and two line ends.
    private static let mostAround = 24

    /// In one piece: a commit has thirty of them.
    private mutating func writeBulkString(_ bytes: UnsafeRawBufferPointer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count + Self.mostAround) { target in
            var end = Self.write(bytes.count, after: .bulkString, to: target)
            UnsafeMutableRawBufferPointer(rebasing: target[end...]).copyMemory(from: bytes)
            end += bytes.count
            return Self.writeLineEnd(at: end, of: target)
        }
    }

    private mutating func writeCount(_ count: Int, after type: RESPTypeIdentifier) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.mostAround) { Self.write(count, after: type, to: $0) }
    }

    /// - Returns: where the next byte goes.
    private static func write(_ count: Int, after type: RESPTypeIdentifier, to target: UnsafeMutableRawBufferPointer) -> Int {
        target[0] = type.rawValue
        var digits = 1
        var bound = 10
        while count >= bound, digits < 18 {
            digits += 1
            bound *= 10
        }
        var rest = count
        for place in stride(from: digits, to: 0, by: -1) {
            target[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        return writeLineEnd(at: digits + 1, of: target)
    }

    private static func writeLineEnd(at place: Int, of target: UnsafeMutableRawBufferPointer) -> Int {
        target[place] = .carriageReturn
        target[place + 1] = .lineFeed
        return place + 2
    }
}

/// What can be an argument of a command.
public protocol RESPRenderable: Sendable, Hashable {
    /// How many arguments it is.
    var respEntries: Int { get }
    /// Writes them.
    func encode(into encoder: inout ValkeyCommandEncoder)
}

extension String: RESPRenderable {
    public var respEntries: Int { 1 }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeBulkString(self) }
}

extension ByteBuffer: RESPRenderable {
    public var respEntries: Int { 1 }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeBulkString(self) }
}

extension ValkeyKey: RESPRenderable {
    public var respEntries: Int { 1 }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeBulkString(bytes) }
}

extension Int: RESPRenderable {
    public var respEntries: Int { 1 }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeBulkString(String(self)) }
}

extension Optional: RESPRenderable where Wrapped: RESPRenderable {
    public var respEntries: Int { self?.respEntries ?? 0 }
    public func encode(into encoder: inout ValkeyCommandEncoder) { self?.encode(into: &encoder) }
}

extension Array: RESPRenderable where Element: RESPRenderable {
    public var respEntries: Int { reduce(0) { $0 + $1.respEntries } }
    public func encode(into encoder: inout ValkeyCommandEncoder) {
        for element in self { element.encode(into: &encoder) }
    }
}
