import Crypto

extension JWK {
    /// The SHA-256 thumbprint in base64url, 43 characters (RFC 7638; RFC 9964 for AKP).
    public var thumbprint: String {
        var json = JSONWriter(capacity: 512)
        json.object { json in
            for (name, value) in requiredMembers { json.member(name, value) }
        }
        return Base64URL.string(Array(SHA256.hash(data: json.bytes)))
    }
}
