public import NIOCore

/// One entry of a stream.
public struct StreamEntry: RESPTokenDecodable, Sendable, Hashable {
    /// `milliseconds-number`
    public let id: String
    /// In the order in which they were added.
    public let fields: [Field]

    /// A name with its value.
    public struct Field: Sendable, Hashable {
        /// The name.
        public let name: String
        /// Any bytes.
        public let value: ByteBuffer
    }

    /// Reads an identifier and its fields.
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        guard let parts = token.elements.map(Array.init), parts.count == 2 else {
            throw RESPDecodeError(expected: "an entry of a stream", token: token)
        }
        id = try String(parts[0])
        var fields: [Field] = []
        // An entry that was removed while somebody held it has null for fields.
        guard let pairs = parts[1].value == .null ? [] : parts[1].pairs else {
            throw RESPDecodeError(expected: "fields and values", token: parts[1])
        }
        for (name, value) in pairs { fields.append(Field(name: try String(name), value: try ByteBuffer(value))) }
        self.fields = fields
    }

    /// The value of the first field of that name.
    public subscript(_ name: String) -> ByteBuffer? { fields.first { $0.name == name }?.value }
}

/// Appends an entry to a stream.
public struct XADD {
    /// The keys that it touches.
    public var keysAffected: [ValkeyKey]
    /// `*`: the server chooses.
    public var id: String
    /// About how many entries stay; nil: all.
    public var maximumLength: Int?
    /// Names and values in turn.
    public var fields: [ValkeyKey]

    /// - Parameters:
    ///   - id: `*`: the server chooses.
    ///   - maximumLength: about how many entries stay; nil: all.
    ///   - fields: names and values in turn.
    public init(_ key: ValkeyKey, id: String = "*", maximumLength: Int? = nil, fields: [ValkeyKey]) {
        keysAffected = [key]
        self.id = id
        self.maximumLength = maximumLength
        self.fields = fields
    }
}

extension XADD: ValkeyCommand {
    /// Its identifier.
    public typealias Response = String
    public static var name: String { "XADD" }
    public func encode(into encoder: inout ValkeyCommandEncoder) {
        encoder.encodeArray("XADD", keysAffected, maximumLength.map { ["MAXLEN", "~", String($0)] }, id, fields)
    }
}

/// Entries of a stream between two identifiers, both included.
public struct XRANGE {
    /// The keys that it touches.
    public var keysAffected: [ValkeyKey]
    /// `-`: the first. `(` before it excludes it.
    public var start: String
    /// `+`: the last.
    public var end: String
    /// The most entries; nil: all.
    public var count: Int?
    /// True: XREVRANGE, from the last to the first.
    public var isReversed: Bool

    /// - Parameters:
    ///   - start: the lower identifier, also where it is reversed.
    ///   - count: the most entries; nil: all.
    public init(_ key: ValkeyKey, start: String = "-", end: String = "+", count: Int? = nil, isReversed: Bool = false) {
        keysAffected = [key]
        self.start = start
        self.end = end
        self.count = count
        self.isReversed = isReversed
    }
}

extension XRANGE: ValkeyCommand {
    public typealias Response = [StreamEntry]
    public static var name: String { "XRANGE" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) {
        let (name, first, second) = isReversed ? ("XREVRANGE", end, start) : ("XRANGE", start, end)
        encoder.encodeArray(name, keysAffected, first, second, count.map { ["COUNT", String($0)] })
    }
}

/// Entries of streams after given ones; waits for some if asked to, on a connection of its own.
public struct XREAD {
    /// The keys that it touches.
    public var keysAffected: [ValkeyKey]
    /// After which entry, for each key; `$`: after the last.
    public var ids: [String]
    /// The most entries of each; nil: all.
    public var count: Int?
    /// How long to wait for entries; nil: not at all; zero: until cancelled.
    public var block: Duration?

    /// - Parameters:
    ///   - streams: keys with the entry after which to read; `$`: after the last.
    ///   - count: the most entries of each; nil: all.
    ///   - block: how long to wait for entries, in whole milliseconds; nil: not at all; zero: until cancelled.
    public init(_ streams: [(key: ValkeyKey, id: String)], count: Int? = nil, block: Duration? = nil) {
        keysAffected = streams.map(\.key)
        ids = streams.map(\.id)
        self.count = count
        self.block = block
    }
}

extension XREAD: ValkeyCommand {
    public typealias Response = XREADResponse
    public static var name: String { "XREAD" }
    public var isReadOnly: Bool { true }
    public var isBlocking: Bool { block != nil }
    /// Not after `$`: a second try would begin behind what came between the two.
    public var isRepeatable: Bool { !ids.contains("$") }
    public var blockingTime: Duration? { block == .zero ? nil : block ?? .zero }
    public func encode(into encoder: inout ValkeyCommandEncoder) {
        let milliseconds = block.map { $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000 }
        encoder.encodeArray(
            "XREAD", count.map { ["COUNT", String($0)] }, milliseconds.map { ["BLOCK", String($0)] }, "STREAMS", keysAffected, ids)
    }
}

/// What was read of each stream that had something.
public struct XREADResponse: RESPTokenDecodable, Sendable, Hashable {
    /// By key; empty where the wait was over.
    public let streams: [ValkeyKey: [StreamEntry]]

    /// Reads a map, or the pairs that RESP 2 sends.
    public init(_ token: RESPToken) throws(RESPDecodeError) {
        var streams: [ValkeyKey: [StreamEntry]] = [:]
        switch token.value {
        case .null: break
        case .map(let map):
            for (key, entries) in map { streams[try ValkeyKey(key)] = try [StreamEntry](entries) }
        default:
            // RESP 2 sends an array of pairs.
            guard let pairs = token.elements else { throw RESPDecodeError(expected: "streams", token: token) }
            for pair in pairs {
                guard let parts = pair.elements.map(Array.init), parts.count == 2 else {
                    throw RESPDecodeError(expected: "a stream", token: pair)
                }
                streams[try ValkeyKey(parts[0])] = try [StreamEntry](parts[1])
            }
        }
        self.streams = streams
    }
}
