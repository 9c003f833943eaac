public import TokenCore

/// A refresh token taken apart: what it says of itself, believed by nobody yet.
///
///     byte    0   format, 1
///          1- 2   number of the seal key, big endian, never 0
///          3-18   family: a session id, which carries its birth and its partition
///         19-22   generation, big endian
///         23-38   inner tag: seal key and the family's salt
///         39-54   outer tag: seal key alone, over everything before it
///
/// The text is `mmr_` and the base64url of these 55 bytes: 78 characters, one text for each token.
public struct RefreshToken: Hashable, Sendable {
    /// How long the text is.
    public static let textLength = 78
    /// What the text begins with, so that a scanner finds a token that leaked.
    public static let prefix = "mmr_"

    static let format: UInt8 = 1
    static let length = 55
    static let tagLength = 16
    /// Where the inner tag begins: it covers what stands before.
    static let claimsEnd = 23
    /// Where the outer tag begins: it covers what stands before.
    static let outerStart = 39

    /// The seal key that it says made it.
    public let seal: SealNumber
    /// The family that it says it belongs to.
    public let family: SessionID
    /// How many rotations it says came before it.
    public let generation: UInt32
    /// All 55 bytes.
    let bytes: [UInt8]

    /// What both tags cover, the inner one directly: format, seal, family, generation.
    static func claims(seal: SealNumber, family: SessionID, generation: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        bytes.append(format)
        append(seal.value, to: &bytes)
        append(family.high, to: &bytes)
        append(family.low, to: &bytes)
        append(generation, to: &bytes)
        return bytes
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

extension RefreshToken {
    /// Takes a refresh token apart. No key is needed and nothing is proven: only the form is checked.
    ///
    /// - Parameter text: what a client presented, of any length.
    /// - Throws: `.malformed` unless it is the one text of 55 bytes of this format.
    public static func decode(_ text: [UInt8]) throws(SealError) -> RefreshToken {
        guard text.count == textLength, text.starts(with: prefix.utf8) else { throw .malformed }
        guard let bytes = Base64URL.decode(text[prefix.utf8.count...]), bytes.count == length else { throw .malformed }
        guard bytes[0] == format else { throw .malformed }
        let seal: UInt16 = integer(in: bytes, at: 1)
        guard seal != 0, let family = SessionID(high: integer(in: bytes, at: 3), low: integer(in: bytes, at: 11)) else { throw .malformed }
        return RefreshToken(seal: SealNumber(seal), family: family, generation: integer(in: bytes, at: 19), bytes: bytes)
    }

    /// The text that `decode` reads.
    public var text: [UInt8] { Self.text(of: bytes) }

    static func text(of bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(textLength)
        text.append(contentsOf: prefix.utf8)
        Base64URL.append(bytes, to: &text)
        return text
    }

    private static func integer<T: FixedWidthInteger>(in bytes: [UInt8], at start: Int) -> T {
        var value: T = 0
        for byte in bytes[start..<start + T.bitWidth / 8] { value = T(truncatingIfNeeded: value << 8) | T(truncatingIfNeeded: byte) }
        return value
    }
}

extension RefreshToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The family and generation, never the tags (canon 59).
    public var description: String { "RefreshToken(\(family), generation \(generation))" }
    /// The family and generation, never the tags.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
