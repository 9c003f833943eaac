public import NIOCore

/// A type that a reply can be read as.
public protocol RESPTokenDecodable {
    /// Throws `RESPDecodeError` where the reply is another type, or an error.
    init(_ token: RESPToken) throws(RESPDecodeError)
}

/// A reply is not what was expected.
public struct RESPDecodeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected, for people.
    public let expected: String
    /// What came, with strings shortened to their lengths.
    public let found: String

    /// - Parameters:
    ///   - expected: the type or the member that is missing.
    ///   - token: what came instead.
    public init(expected: String, token: RESPToken) {
        self.expected = expected
        found = String(token.description.prefix(200))
    }

    /// One sentence.
    public var description: String { "The server sent \(found) where \(expected) was expected." }
}

extension RESPToken {
    /// The reply as a type.
    public func decode<Value: RESPTokenDecodable>(as type: Value.Type = Value.self) throws(RESPDecodeError) -> Value { try Value(self) }
}

extension RESPToken: RESPTokenDecodable {
    public init(_ token: RESPToken) { self = token }
}

extension ByteBuffer: RESPTokenDecodable {
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        guard let string = token.string else { throw RESPDecodeError(expected: "a string", token: token) }
        self = string
    }
}

extension String: RESPTokenDecodable {
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        guard let string = token.string else { throw RESPDecodeError(expected: "a string", token: token) }
        self.init(buffer: string)
    }
}

extension Int64: RESPTokenDecodable {
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        // Inside bulk strings too: that is how fields of hashes and counters come.
        switch token.value {
        case .number(let number): self = number
        case .bulkString(let text), .simpleString(let text):
            guard let number = RESPNumber.integer(text.readableBytesView) else { fallthrough }
            self = number
        default: throw RESPDecodeError(expected: "an integer", token: token)
        }
    }
}

extension Int: RESPTokenDecodable {
    public init(_ token: RESPToken) throws(RESPDecodeError) { self.init(try Int64(token)) }
}

extension Double: RESPTokenDecodable {
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        switch token.value {
        case .double(let number): self = number
        case .number(let number): self.init(number)
        case .bulkString(let text):
            guard let number = RESPNumber.double(text.readableBytesView) else { fallthrough }
            self = number
        default: throw RESPDecodeError(expected: "a number", token: token)
        }
    }
}

extension Bool: RESPTokenDecodable {
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        switch token.value {
        case .boolean(let value): self = value
        case .number(0): self = false
        case .number(1): self = true
        default: throw RESPDecodeError(expected: "true or false", token: token)
        }
    }
}

extension Optional: RESPTokenDecodable where Wrapped: RESPTokenDecodable {
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        if case .null = token.value { self = nil } else { self = try Wrapped(token) }
    }
}

extension Array: RESPTokenDecodable where Element: RESPTokenDecodable {
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        guard let elements = token.elements else { throw RESPDecodeError(expected: "an array", token: token) }
        self = []
        reserveCapacity(elements.count)
        for element in elements { append(try Element(element)) }
    }
}

extension Dictionary: RESPTokenDecodable where Key: RESPTokenDecodable, Value: RESPTokenDecodable {
    /// A map, or what RESP 2 sends for one: an array of keys and values in turn.
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        guard let pairs = token.pairs else { throw RESPDecodeError(expected: "a map", token: token) }
        self = [:]
        for (key, value) in pairs { self[try Key(key)] = try Value(value) }
    }
}

extension RESPToken {
    /// The pairs of a map, or of an array of keys and values in turn, which RESP 2 sends for one; nil: it is neither.
    public var pairs: [(key: RESPToken, value: RESPToken)]? {
        if case .map(let map) = value { return Swift.Array(map) }
        guard let elements = elements.map({ Swift.Array($0) }), elements.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: elements.count, by: 2).map { (elements[$0], elements[$0 + 1]) }
    }

    /// The value of a key that is a text.
    func member(_ name: String) throws(RESPDecodeError) -> RESPToken {
        let found = pairs?.first { $0.key.string.map { $0.readableBytesView.elementsEqual(name.utf8) } ?? false }
        guard let found else { throw RESPDecodeError(expected: "a member \(name)", token: self) }
        return found.value
    }
}
