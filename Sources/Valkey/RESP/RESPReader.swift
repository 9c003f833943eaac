import NIOCore

/// Reads values from bytes that a `RESPScanner` has let through, so nothing can be missing or malformed here.
struct RESPReader {
    private var rest: ByteBuffer

    init(_ bytes: ByteBuffer) { rest = bytes }

    /// The next value.
    mutating func value() -> RESPToken.Value {
        skipAttributes()
        let (type, text) = line()
        switch type {
        case .simpleString: return .simpleString(text)
        case .simpleError: return .simpleError(text)
        case .bigNumber: return .bigNumber(text)
        case .integer: return .number(RESPNumber.integer(text.readableBytesView) ?? 0)
        case .double: return .double(RESPNumber.double(text.readableBytesView) ?? .nan)
        case .boolean: return .boolean(text.readableBytesView.first == UInt8(ascii: "t"))
        case .null: return .null
        case .bulkString: return count(text).map { .bulkString(string($0)) } ?? .null
        case .bulkError: return .bulkError(string(count(text) ?? 0))
        case .verbatimString:
            var string = string(count(text) ?? 0)
            // The kind in three letters and a colon.
            string.moveReaderIndex(forwardBy: 4)
            return .verbatimString(string)
        case .array: return count(text).map { .array(.init(count: $0, bytes: rest)) } ?? .null
        case .set: return .set(.init(count: count(text) ?? 0, bytes: rest))
        case .push: return .push(.init(count: count(text) ?? 0, bytes: rest))
        case .map: return .map(.init(count: count(text) ?? 0, bytes: rest))
        case .attribute: preconditionFailure("An attribute was not skipped.")
        }
    }

    /// The next value with its bytes, elements and all.
    mutating func token() -> RESPToken {
        let start = rest
        skipAttributes()
        skipValue()
        let length = start.readableBytes - rest.readableBytes
        guard let bytes = start.getSlice(at: start.readerIndex, length: length) else {
            preconditionFailure("A value is longer than what holds it.")
        }
        return RESPToken(validated: bytes)
    }

    private mutating func skipAttributes() {
        while rest.getInteger(at: rest.readerIndex, as: UInt8.self) == RESPTypeIdentifier.attribute.rawValue { skipAggregate() }
    }

    private mutating func skipValue() {
        switch rest.getInteger(at: rest.readerIndex, as: UInt8.self).flatMap(RESPTypeIdentifier.init) {
        case .array, .set, .push, .map: skipAggregate()
        default:
            let (type, text) = line()
            if type == .bulkString || type == .bulkError || type == .verbatimString, let length = count(text) { _ = string(length) }
        }
    }

    /// The depth is bounded by the scanner.
    private mutating func skipAggregate() {
        let (type, text) = line()
        let pairs = type == .map || type == .attribute ? 2 : 1
        for _ in 0..<(count(text) ?? 0) * pairs {
            skipAttributes()
            skipValue()
        }
    }

    private mutating func line() -> (RESPTypeIdentifier, ByteBuffer) {
        let view = rest.readableBytesView
        guard let feed = view.firstIndex(of: .lineFeed), let type = view.first.flatMap(RESPTypeIdentifier.init),
            var line = rest.readSlice(length: feed - view.startIndex + 1)
        else { preconditionFailure("A line is missing.") }
        line.moveReaderIndex(forwardBy: 1)
        line.moveWriterIndex(to: line.writerIndex - 2)
        return (type, line)
    }

    /// Nil: the null of RESP 2.
    private func count(_ text: ByteBuffer) -> Int? { RESPNumber.count(text.readableBytesView[...]) }

    private mutating func string(_ length: Int) -> ByteBuffer {
        guard let string = rest.readSlice(length: length) else { preconditionFailure("A string is missing.") }
        rest.moveReaderIndex(forwardBy: 2)
        return string
    }
}
