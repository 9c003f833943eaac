import NIOCore

/// Cuts a stream of bytes into replies.
struct RESPDecoder {
    private var scanner: RESPScanner
    private var unread = ByteBuffer()

    init(limits: RESPLimits = RESPLimits()) { scanner = RESPScanner(limits: limits) }

    /// How many bytes wait for the rest of their reply.
    var unreadBytes: Int { unread.readableBytes }

    /// Takes what arrived.
    mutating func append(_ buffer: ByteBuffer) {
        if unread.readableBytes == 0 {
            unread = buffer
        } else {
            unread.writeImmutableBuffer(buffer)
        }
    }

    /// The next reply, if all of it is there.
    mutating func next() throws(RESPParsingError) -> RESPToken? {
        guard unread.readableBytes > 0, let length = try scanner.scan(unread.readableBytesView) else { return nil }
        guard let bytes = unread.readSlice(length: length) else { return nil }
        return RESPToken(validated: bytes)
    }
}
