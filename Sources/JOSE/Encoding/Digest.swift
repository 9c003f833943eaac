import Crypto

/// SHA-256 digests in the spelling that tokens carry them in.
public enum Digest {
    /// The digest in base64url, 43 characters: `ath` of RFC 9449, `x5t#S256` of RFC 8705.
    public static func sha256(_ bytes: [UInt8]) -> String { Base64URL.string(Array(SHA256.hash(data: bytes))) }
}
