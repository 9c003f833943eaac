public import NIOCore

/// One value that a server sent: its bytes, known to be well-formed, read when somebody asks.
public struct RESPToken: Hashable, Sendable {
    /// Attributes, if any, and the value.
    let bytes: ByteBuffer

    /// - Parameter validated: exactly one value that a `RESPScanner` let through.
    init(validated bytes: ByteBuffer) { self.bytes = bytes }

    /// Reads one value from the front of a buffer.
    ///
    /// - Parameter buffer: stays as it is unless the value is complete.
    /// - Returns: nil: more bytes are needed.
    public init?(consuming buffer: inout ByteBuffer) throws(RESPParsingError) {
        var scanner = RESPScanner()
        guard let length = try scanner.scan(buffer.readableBytesView), let slice = buffer.readSlice(length: length) else { return nil }
        bytes = slice
    }

    /// What a value is.
    public enum Value: Hashable, Sendable {
        /// A short text, such as `OK`.
        case simpleString(ByteBuffer)
        /// An error; its first word is its code.
        case simpleError(ByteBuffer)
        /// Bytes.
        case bulkString(ByteBuffer)
        /// An error with its length before it.
        case bulkError(ByteBuffer)
        /// A text, without its kind.
        case verbatimString(ByteBuffer)
        /// A number of 64 bits.
        case number(Int64)
        /// A floating-point number.
        case double(Double)
        /// True or false.
        case boolean(Bool)
        /// Nothing, in any of the three ways to write it.
        case null
        /// A number of any size, in decimal.
        case bigNumber(ByteBuffer)
        /// Values in their order.
        case array(Array)
        /// Keys with their values.
        case map(Map)
        /// Values without an order.
        case set(Array)
        /// Something nobody asked for.
        case push(Array)
    }

    /// The value; an aggregate reads its elements when it is walked.
    public var value: Value {
        var reader = RESPReader(bytes)
        return reader.value()
    }

    /// The text of an error; nil: it is none.
    public var errorString: ByteBuffer? {
        switch value {
        case .simpleError(let text), .bulkError(let text): text
        default: nil
        }
    }

    /// The bytes of a string of any kind; nil: it is none.
    public var string: ByteBuffer? {
        switch value {
        case .simpleString(let text), .bulkString(let text), .verbatimString(let text), .bigNumber(let text): text
        default: nil
        }
    }

    /// The elements of an array, set or push; nil: it is none.
    public var elements: Array? {
        switch value {
        case .array(let elements), .set(let elements), .push(let elements): elements
        default: nil
        }
    }
}

extension RESPToken {
    /// Values in the order in which they were sent.
    public struct Array: Sequence, Hashable, Sendable {
        /// How many.
        public let count: Int
        let bytes: ByteBuffer

        /// Reads one element after the other.
        public struct Iterator: IteratorProtocol {
            var reader: RESPReader
            var due: Int

            /// The next element.
            public mutating func next() -> RESPToken? {
                guard due > 0 else { return nil }
                due -= 1
                return reader.token()
            }
        }

        /// A walk from the first.
        public func makeIterator() -> Iterator { Iterator(reader: RESPReader(bytes), due: count) }
    }

    /// Keys with their values, in the order in which they were sent.
    public struct Map: Sequence, Hashable, Sendable {
        /// How many pairs.
        public let count: Int
        let bytes: ByteBuffer

        /// Reads one pair after the other.
        public struct Iterator: IteratorProtocol {
            var reader: RESPReader
            var due: Int

            /// The next pair.
            public mutating func next() -> (key: RESPToken, value: RESPToken)? {
                guard due > 0 else { return nil }
                due -= 1
                return (reader.token(), reader.token())
            }
        }

        /// A walk from the first.
        public func makeIterator() -> Iterator { Iterator(reader: RESPReader(bytes), due: count) }
    }
}

extension RESPToken: CustomStringConvertible {
    /// The value, with strings shortened to their lengths: replies may hold what must not be shown.
    public var description: String {
        switch value {
        case .simpleString(let text): "+\(String(buffer: text))"
        case .simpleError(let text), .bulkError(let text): "-\(String(buffer: text))"
        case .bulkString(let text), .verbatimString(let text), .bigNumber(let text): "\(text.readableBytes) bytes"
        case .number(let number): "\(number)"
        case .double(let number): "\(number)"
        case .boolean(let bool): "\(bool)"
        case .null: "null"
        case .array(let list), .set(let list), .push(let list): "[\(list.map(\.description).joined(separator: ", "))]"
        case .map(let map): "{\(map.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
        }
    }
}

extension RESPToken {
    /// Whether nobody asked for it.
    var isPush: Bool { bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) == RESPTypeIdentifier.push.rawValue }
}
