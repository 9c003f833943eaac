/// Why the strict reader refused a text (RFC 8259, and RFC 7493 where it is stricter).
public enum JSONError: Error, Sendable, Hashable {
    /// Not JSON at this byte offset.
    case syntax(at: Int)
    /// A member name occurs twice in one object, after escapes are resolved.
    case duplicateMember(at: Int)
    /// Arrays and objects nest deeper than the limit.
    case tooDeep(limit: Int)
    /// The text is longer than the limit, in bytes.
    case tooLarge(limit: Int)
    /// A string is not UTF-8, or an escape names half a surrogate pair.
    case invalidUnicode(at: Int)
    /// A number beyond what a Double can hold.
    case numberOutOfRange(at: Int)
    /// Something other than white space follows the value.
    case trailingBytes(at: Int)
}

/// How much the reader accepts before it gives up.
public struct JSONLimits: Sendable, Hashable {
    /// The deepest nesting of arrays and objects; 1 allows a flat object.
    public let depth: Int
    /// The longest text, in bytes. The memory a parsed value takes is proportional to it.
    public let bytes: Int

    /// - Parameters:
    ///   - depth: 16 unless told; the reader recurses, so it must stay small enough for a thread's stack.
    ///   - bytes: 64 KiB unless told.
    public init(depth: Int = 16, bytes: Int = 65_536) {
        self.depth = depth
        self.bytes = bytes
    }

    /// Depth 16, 64 KiB.
    public static let standard = JSONLimits()
}
