extension SigningKey {
    /// Signs `payload` and gives the compact serialization, its header being `alg`, `kid` and `typ`.
    ///
    /// - Parameters:
    ///   - type: the `typ`, such as `at+jwt`; an explicit one keeps a token from being taken for another kind (RFC 8725 section 3.11).
    ///   - payload: any bytes; for a JWT the claims as JSON.
    /// - Throws: `.signingFailed` if the library gives up.
    public func signJWS(type: String, payload: [UInt8]) throws(JOSEError) -> [UInt8] {
        try JWSSigner(key: self, type: type).sign(payload)
    }
}

/// A key and a token type, with the encoded header that both share prepared once.
public struct JWSSigner: Sendable {
    /// What signs.
    public let key: SigningKey
    /// The header in base64url and the dot after it.
    private let prefix: [UInt8]

    /// - Parameter type: the `typ` of every token.
    public init(key: SigningKey, type: String) {
        var json = JSONWriter(capacity: 128)
        json.object { json in
            json.member("alg", key.algorithm.rawValue)
            json.member("kid", key.keyID)
            json.member("typ", type)
        }
        self.key = key
        self.prefix = Base64URL.encode(json.bytes) + [UInt8(ascii: ".")]
    }

    /// Signs `payload` and gives the compact serialization.
    ///
    /// - Throws: `.signingFailed` if the library gives up.
    public func sign(_ payload: [UInt8]) throws(JOSEError) -> [UInt8] {
        var compact: [UInt8] = []
        compact.reserveCapacity(prefix.count + Base64URL.encodedCount(payload.count) + 1 + key.algorithm.encodedSignatureCount)
        compact.append(contentsOf: prefix)
        Base64URL.append(payload, to: &compact)
        let signature = try key.signature(for: compact)
        compact.append(UInt8(ascii: "."))
        Base64URL.append(signature, to: &compact)
        return compact
    }
}

extension Algorithm {
    /// The characters a signature takes, to reserve room for it; a longer RSA key's just makes the buffer grow.
    fileprivate var encodedSignatureCount: Int {
        switch self {
        case .es256, .edDSA: 86
        case .es384: 128
        case .rs256, .ps256: 342
        case .mlDSA65: 4_412
        case .mlDSA87: 6_170
        case .hs256: 43
        }
    }
}
