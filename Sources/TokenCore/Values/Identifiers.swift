/// The name of a client (RFC 6749 section 2.2): 1 to 64 visible ASCII characters.
public struct ClientID: Hashable, Sendable, CustomStringConvertible {
    /// The `client_id` as the client sends it.
    public let text: String

    /// A client id; nil unless 1 to 64 visible ASCII characters without a colon (RFC 7617 forbids it in a user name).
    public init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x3a }) else { return nil }
        self.text = text
    }

    /// The id itself: not a secret.
    public var description: String { text }
}

/// The name of a signing key: its `kid` (RFC 7517 section 4.5), which here is its RFC 7638 thumbprint.
public struct KeyID: Hashable, Sendable, CustomStringConvertible {
    /// The `kid` parameter: 1 to 128 bytes.
    public let text: String

    /// A key id; nil when empty or over 128 bytes.
    public init?(_ text: String) {
        guard (1...128).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    /// The id itself: not a secret.
    public var description: String { text }
}

/// The number of a seal key: which key of the seal file made a tag or sealed a record. 1 ... 65535.
public struct SealNumber: Hashable, Comparable, Sendable {
    /// The number; 0 names no key.
    public let value: UInt16

    /// The seal key of that number.
    public init(_ value: UInt16) { self.value = value }

    /// By number: a higher one was added later.
    public static func < (a: SealNumber, b: SealNumber) -> Bool { a.value < b.value }
}
