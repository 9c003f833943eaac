/// Whom a session is about: the `sub` of its tokens (RFC 7519 section 4.1.2).
///
/// A caller names a user by an integer or by a string; `1` and `"1"` are one subject, and the caller gets back what it gave.
public struct Subject: Sendable {
    /// The `sub` claim: 1 to 255 bytes of UTF-8. Alone decides equality.
    public let text: String
    /// Whether the caller gave an integer, so that `user_id` comes back as one.
    public let isInteger: Bool

    /// The largest integer that every JSON reader keeps exactly (RFC 8259 section 6): 2^53 - 1.
    public static let largestInteger: Int64 = 9_007_199_254_740_991

    /// A subject from text; nil when empty or longer than 255 bytes.
    public init?(text: String) {
        guard (1...255).contains(text.utf8.count) else { return nil }
        self.text = text
        isInteger = false
    }

    /// A subject from an integer; nil outside 0 ... 2^53 - 1.
    public init?(integer: Int64) {
        guard (0...Self.largestInteger).contains(integer) else { return nil }
        text = String(integer)
        isInteger = true
    }
}

extension Subject: Hashable {
    /// Equal when the text is: how it was given does not matter. Compared as bytes, not as canonically equivalent text.
    public static func == (a: Subject, b: Subject) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    /// Hashes what equality compares: the bytes.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension Subject: CustomStringConvertible {
    /// The `sub` claim.
    public var description: String { text }
}
