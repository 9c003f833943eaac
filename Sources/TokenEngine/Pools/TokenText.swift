import JOSE

/// The text of a token that is made here.
enum TokenText {
    /// Bytes as base64url without padding (RFC 4648 section 5).
    static func encode(_ bytes: ArraySlice<UInt8>) -> [UInt8] { Base64URL.encode(Array(bytes)) }
}
