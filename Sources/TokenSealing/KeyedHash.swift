import Crypto
public import TokenCore

/// Keyed hashes of client secrets (canon 19): what the store keeps instead of the secret.
///
/// HMAC-SHA256 and not a slow password hash, because the secrets are drawn here with 128 bits or more and cannot be guessed; the key
/// keeps a copy of the store from even trying. The form is the key's number (2 bytes) and the code (32).
public struct KeyedHash: Sendable {
    /// How long a stored hash is.
    public static let length = 34

    private let keys: SealKeys

    /// Hashes with these keys.
    public init(_ keys: SealKeys) { self.keys = keys }

    /// The hash to store, under the first key.
    public func hash(_ secret: Secret) -> [UInt8] {
        Self.hash(secret, key: keys.current)
    }

    /// Whether a secret is the one whose hash was stored, in time that does not depend on where they differ.
    ///
    /// False too when the key that made the hash is missing or `stored` is no hash: whoever wants to know which, asks `sealNumber(of:)`.
    public func matches(_ secret: Secret, stored: [UInt8]) -> Bool {
        guard let number = Self.sealNumber(of: stored), let key = keys.key(number) else { return false }
        return constantTimeEquals(Self.hash(secret, key: key), stored)
    }

    /// Which key made a stored hash; nil when it is none.
    public static func sealNumber(of stored: [UInt8]) -> SealNumber? {
        guard stored.count == length else { return nil }
        let number = UInt16(stored[0]) << 8 | UInt16(stored[1])
        return number == 0 ? nil : SealNumber(number)
    }

    private static func hash(_ secret: Secret, key: SealKey) -> [UInt8] {
        let number = key.number.value
        return [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)] + key.secrets.code(of: secret.bytes)
    }
}
