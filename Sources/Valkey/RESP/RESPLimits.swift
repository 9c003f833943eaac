/// How much a server may send in one reply before the connection is given up.
///
/// A server is trusted with our data, and still a bug or a stranger on its port must not take all memory of ours.
public struct RESPLimits: Sendable, Hashable {
    /// How deep aggregates may nest. Real replies of ours nest four deep.
    public var depth: Int
    /// The most elements of one aggregate, keys and values of a map counted each.
    public var elements: Int
    /// The longest string with a stated length, in bytes.
    public var bulkBytes: Int
    /// The longest line, in bytes: simple strings, errors and numbers.
    public var lineBytes: Int
    /// The longest reply in all, in bytes.
    public var replyBytes: Int

    /// - Parameters:
    ///   - depth: 16 by default.
    ///   - elements: 1,048,576 by default.
    ///   - bulkBytes: 64 MiB by default.
    ///   - lineBytes: 64 KiB by default, which is what the servers themselves read as a line.
    ///   - replyBytes: 128 MiB by default.
    public init(
        depth: Int = 16, elements: Int = 1 << 20, bulkBytes: Int = 64 << 20, lineBytes: Int = 64 << 10, replyBytes: Int = 128 << 20
    ) {
        self.depth = depth
        self.elements = elements
        self.bulkBytes = bulkBytes
        self.lineBytes = lineBytes
        self.replyBytes = replyBytes
    }
}

/// What arrived is not RESP, or more of it than the limits allow. Nothing after it on that connection can be read.
public enum RESPParsingError: Error, Hashable, Sendable {
    /// A byte that begins no type of RESP 2 or 3, or a streamed type, which no server sends.
    case unknownType(UInt8)
    /// A number, length or line that is not written as the protocol writes it.
    case malformed
    /// Aggregates nest deeper than the limit.
    case tooDeep(limit: Int)
    /// An aggregate states more elements than the limit.
    case tooManyElements(limit: Int)
    /// A string, a line or a whole reply is longer than the limit, in bytes.
    case tooLong(limit: Int)
}
