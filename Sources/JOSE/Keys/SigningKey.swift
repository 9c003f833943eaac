/// A private key with the one algorithm it is for. Its `keyID` is the thumbprint of its public half, so a key has the
/// same name wherever it is loaded.
public struct SigningKey: Sendable {
    /// The algorithm this key signs with.
    public let algorithm: Algorithm
    /// The RFC 7638 thumbprint in base64url.
    public let keyID: String
    /// The public half as JSON, with `kid` and `alg`: what a key set publishes.
    public let publicJWK: JWK
    /// The public half, ready to verify.
    public let verificationKey: VerificationKey
    private let primitive: any PrivatePrimitive

    /// A fresh key: RSA with 2048 bits and exponent 65537, the others have one size.
    ///
    /// - Throws: `.unsupportedAlgorithm` for `HS256`, which does not sign; `.signingFailed` if the library gives up.
    public static func generate(_ algorithm: Algorithm) throws(JOSEError) -> SigningKey {
        try SigningKey(algorithm, try algorithm.row.generate())
    }

    /// Reads the form that `serialized` gives.
    ///
    /// - Throws: `.malformedKey` if the bytes are no key of this algorithm; `.weakKey`; `.unsupportedAlgorithm`.
    public init(algorithm: Algorithm, serialized: [UInt8]) throws(JOSEError) {
        try self.init(algorithm, try algorithm.row.open(serialized))
    }

    /// The secret bytes to seal at rest: scalar, seed, or PKCS #1 for RSA. The algorithm is to be kept beside them.
    public var serialized: [UInt8] { primitive.serialized }

    /// The signature over `bytes`, in the form a JWS carries.
    ///
    /// - Throws: `.signingFailed` if the library gives up.
    public func signature(for bytes: [UInt8]) throws(JOSEError) -> [UInt8] {
        try translating(to: .signingFailed) { try bytes.withUnsafeBytes(primitive.signature) }
    }

    private init(_ algorithm: Algorithm, _ primitive: any PrivatePrimitive) throws(JOSEError) {
        let unnamed = JWK(primitive.material, keyID: nil, algorithm: algorithm)
        self.algorithm = algorithm
        self.keyID = unnamed.thumbprint
        self.publicJWK = JWK(primitive.material, keyID: keyID, algorithm: algorithm)
        self.verificationKey = try VerificationKey(jwk: publicJWK)
        self.primitive = primitive
    }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names the key and shows nothing of it.
    public var description: String { "Secret(\(algorithm.rawValue) key \(keyID))" }
    /// As `description`.
    public var debugDescription: String { description }
    /// Without children, so that `dump` and a debugger's summary do not walk into the key.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
