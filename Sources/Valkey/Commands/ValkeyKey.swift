public import NIOCore

/// The name of something stored: any bytes.
public struct ValkeyKey: Sendable, Hashable {
    /// The bytes.
    public let bytes: ByteBuffer

    /// A key from its text.
    public init(_ string: String) { bytes = ByteBuffer(string: string) }

    /// A key from its bytes.
    public init(_ buffer: ByteBuffer) { bytes = buffer }
}

extension ValkeyKey: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}

extension ValkeyKey: CustomStringConvertible {
    public var description: String { String(buffer: bytes) }
}

extension ValkeyKey: RESPTokenDecodable {
    public init(_ token: RESPToken) throws(RESPDecodeError) { self.init(try ByteBuffer(token)) }
}
