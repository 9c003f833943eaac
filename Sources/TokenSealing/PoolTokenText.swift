public import TokenCore

/// The text of a pool's token that is made here: `mmp_` and the base64url of 32 bytes, 47 characters.
///
///     byte    0- 5   when it was made, milliseconds since 1970, big endian
///             6-31   random
///
/// The time stands in front, so that the rows of tokens that were made together lie together in a store, whatever lies there already. Nothing is
/// believed of it: 208 random bits are the secret.
public enum PoolTokenText {
    /// What the text begins with, so that a scanner finds a token that leaked.
    public static let prefix = "mmp_"
    /// How long the text is.
    public static let length = 47
    /// How many random bytes are in one.
    public static let randomLength = 26

    static let timeLength = 6

    /// A token.
    ///
    /// - Parameters:
    ///   - time: when it is made; before 1970 is 1970.
    ///   - random: `randomLength` bytes.
    public static func make(at time: UnixTime, _ random: some Collection<UInt8>) -> Secret {
        precondition(random.count == randomLength, "a token of a pool has \(random.count) random bytes")
        let time = withUnsafeBytes(of: UInt64(max(0, time.milliseconds)).bigEndian) { Array($0.suffix(timeLength)) }
        var text = Array(prefix.utf8)
        Base64URL.append(time + random, to: &text)
        return Secret(text)
    }

    /// The bytes of the time that it says it was made at; nil: it was not made here.
    static func time(of text: [UInt8]) -> ArraySlice<UInt8>? {
        guard text.count == length, text.starts(with: prefix.utf8) else { return nil }
        return Base64URL.decode(text[prefix.utf8.count...])?.prefix(timeLength)
    }
}
