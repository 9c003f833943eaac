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

    /// Writes one argument.
    public mutating func encodeBulkString(_ string: String) {
        writeCount(string.utf8.count, after: .bulkString)
        buffer.writeString(string)
        writeLineEnd()
    }

    /// Writes one argument.
    public mutating func encodeBulkString(_ bytes: ByteBuffer) {
        writeCount(bytes.readableBytes, after: .bulkString)
        buffer.writeImmutableBuffer(bytes)
        writeLineEnd()
    }

    /// Writes one argument.
    public mutating func encodeBulkString(_ bytes: some Collection<UInt8>) {
        writeCount(bytes.count, after: .bulkString)
        buffer.writeBytes(bytes)
        writeLineEnd()
    }

    private mutating func writeCount(_ count: Int, after type: RESPTypeIdentifier) {
        buffer.writeInteger(type.rawValue)
        if count < 10 {
            buffer.writeInteger(UInt8(ascii: "0") + UInt8(count))
        } else {
            buffer.writeString(String(count))
        }
        writeLineEnd()
    }

    private mutating func writeLineEnd() { buffer.writeInteger(0x0D0A as UInt16) }
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
