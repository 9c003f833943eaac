import Crypto
public import TokenCore

/// Makes refresh tokens and tells genuine ones: a sealed counter with two tags.
///
/// The outer tag needs the seal key alone, so that a made-up token is refused before a store is asked. The inner one needs the
/// seal key *and* the family's salt, which only the store has. So whoever copies the store cannot make a token, and whoever copies the seal file
/// cannot either. Both tags are HMAC-SHA256 cut to 128 bits (RFC 2104 section 5), under keys derived for nothing else.
///
/// Deterministic: the same family, generation, key and salt give the same token, which is how a retry gets the successor that was
/// lost on the way without its ever having been stored. A value: share it freely.
public struct RefreshTokenSealer: Sendable {
    /// How many bytes a family's salt has: 128 bits, drawn when the family is born, kept in its record alone.
    public static let saltLength = 16

    private let keys: SealKeys

    /// A sealer with these keys.
    public init(_ keys: SealKeys) { self.keys = keys }

    /// The key that a family born now should carry.
    public var current: SealNumber { keys.current.number }

    /// The refresh token of a family's generation.
    ///
    /// - Parameters:
    ///   - seal: the key the family was born with.
    ///   - salt: the family's own, `saltLength` bytes.
    /// - Returns: 78 ASCII characters.
    /// - Throws: `.unknownSeal`, `.wrongSalt`.
    public func mint(family: SessionID, generation: UInt32, seal: SealNumber, salt: [UInt8]) throws(SealError) -> [UInt8] {
        guard salt.count == Self.saltLength else { throw .wrongSalt }
        guard let key = keys.key(seal) else { throw .unknownSeal(seal) }
        var bytes = RefreshToken.claims(seal: seal, family: family, generation: generation)
        bytes += Self.innerTag(of: bytes, salt: salt, key: key)
        bytes += Self.outerTag(of: bytes, key: key)
        return RefreshToken.text(of: bytes)
    }

    /// What a presented token says, once its outer tag has shown that it was made with a key of ours. No store is needed.
    ///
    /// - Parameter text: what the client sent, of any length.
    /// - Throws: `.malformed`, or `.notGenuine` for a wrong tag and for an unknown key alike.
    public func open(_ text: [UInt8]) throws(SealError) -> PresentedRefreshToken {
        let token = try RefreshToken.decode(text)
        guard let key = keys.key(token.seal) else { throw .notGenuine }
        let expected = Self.outerTag(of: Array(token.bytes[..<RefreshToken.outerStart]), key: key)
        guard constantTimeEquals(expected, token.bytes[RefreshToken.outerStart...]) else { throw .notGenuine }
        let inner = Array(token.bytes[RefreshToken.claimsEnd..<RefreshToken.outerStart])
        return PresentedRefreshToken(seal: token.seal, family: token.family, generation: token.generation, innerTag: inner)
    }

    /// Whether a token that was opened also has the inner tag which the family's salt gives, in time that does not depend on the tag.
    ///
    /// - Parameter salt: from the record of the token's family.
    public func isGenuine(_ token: PresentedRefreshToken, salt: [UInt8]) -> Bool {
        guard salt.count == Self.saltLength, let key = keys.key(token.seal) else { return false }
        let claims = RefreshToken.claims(seal: token.seal, family: token.family, generation: token.generation)
        return constantTimeEquals(Self.innerTag(of: claims, salt: salt, key: key), token.innerTag)
    }

    /// Salt and claims both have one length only, so that no two pairs give one message.
    private static func innerTag(of claims: [UInt8], salt: [UInt8], key: SealKey) -> [UInt8] {
        key.innerTag.code(of: salt + claims, length: RefreshToken.tagLength)
    }

    private static func outerTag(of bytes: [UInt8], key: SealKey) -> [UInt8] {
        key.outerTag.code(of: bytes, length: RefreshToken.tagLength)
    }
}
