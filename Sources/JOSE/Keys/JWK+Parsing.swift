extension JWK {
    /// The longest `kid` that is kept as a name for a key, in bytes.
    static let longestKeyID = 255

    /// Members that only a private or a symmetric key has (RFC 7518 section 6, RFC 9964).
    private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"]

    /// Reads one public key.
    ///
    /// - Throws: `.malformedJSON`; `.privateMember` if the text gives away more than a public key; `.notForSignatures`;
    ///   `.unsupportedKey` for a type, curve or algorithm outside the table; `.malformedKey` with the member's name.
    public init(parsing bytes: [UInt8]) throws(JOSEError) {
        guard let object = try JSONValue(joseParsing: bytes).object else { throw .malformedKey("kty") }
        try self.init(object)
    }

    /// Reads one public key from an object, such as a member of a key set or the `jwk` of a proof.
    ///
    /// - Throws: as `init(parsing:)`.
    public init(_ object: JSONObject) throws(JOSEError) {
        guard !Self.privateMembers.contains(where: object.contains) else { throw .privateMember }
        try Self.checkUse(object)
        self.keyID = try Self.keyID(object)
        let algorithm = try Self.algorithm(object)
        let material = try Material(object, algorithm: algorithm)
        guard algorithm.map(material.fits) ?? true else { throw .malformedKey("alg") }
        self.algorithm = algorithm
        self.material = material
    }

    private static func checkUse(_ object: JSONObject) throws(JOSEError) {
        if let use = object["use"], use != .string("sig") { throw .notForSignatures }
        guard let operations = object["key_ops"] else { return }
        guard let names = operations.array else { throw .malformedKey("key_ops") }
        guard names.contains(.string("verify")) else { throw .notForSignatures }
    }

    private static func keyID(_ object: JSONObject) throws(JOSEError) -> String? {
        guard let value = object["kid"] else { return nil }
        guard let keyID = value.string, 1...longestKeyID ~= keyID.utf8.count else { throw .malformedKey("kid") }
        return keyID
    }

    private static func algorithm(_ object: JSONObject) throws(JOSEError) -> Algorithm? {
        guard let value = object["alg"] else { return nil }
        guard let name = value.string else { throw .malformedKey("alg") }
        guard let algorithm = Algorithm(rawValue: name) else { throw .unsupportedKey }
        return algorithm
    }
}

extension JWK.Material {
    init(_ object: JSONObject, algorithm: Algorithm?) throws(JOSEError) {
        switch try object.text("kty") {
        case "EC":
            guard let curve = JWK.Curve(rawValue: try object.text("crv")) else { throw .unsupportedKey }
            self = .ec(curve, x: try object.binary("x"), y: try object.binary("y"))
        case "OKP":
            guard try object.text("crv") == "Ed25519" else { throw .unsupportedKey }
            self = .okp(x: try object.binary("x"))
        case "RSA":
            self = .rsa(n: try object.binary("n"), e: try object.binary("e"))
        case "AKP":
            guard let algorithm else { throw .malformedKey("alg") }
            self = .akp(algorithm, pub: try object.binary("pub"))
        default: throw .unsupportedKey
        }
    }

    /// Whether a key of this type and curve can be one for `algorithm`.
    func fits(_ algorithm: Algorithm) -> Bool {
        switch self {
        case .ec(.p256, _, _): algorithm == .es256
        case .ec(.p384, _, _): algorithm == .es384
        case .okp: algorithm == .edDSA
        case .rsa: algorithm == .rs256 || algorithm == .ps256
        case .akp(let own, _): algorithm == own && (own == .mlDSA65 || own == .mlDSA87)
        }
    }

    /// The one algorithm that a key of this type and curve can be for; nil for RSA, which has two.
    var onlyAlgorithm: Algorithm? {
        switch self {
        case .ec(.p256, _, _): .es256
        case .ec(.p384, _, _): .es384
        case .okp: .edDSA
        case .rsa: nil
        case .akp(let algorithm, _): algorithm
        }
    }
}

extension JSONObject {
    /// A string member of a key.
    func text(_ name: String) throws(JOSEError) -> String {
        guard let text = self[name]?.string else { throw .malformedKey(name) }
        return text
    }

    /// A binary member of a key, decoded.
    func binary(_ name: String) throws(JOSEError) -> [UInt8] {
        guard let bytes = try? Base64URL.decode(try text(name)), !bytes.isEmpty else { throw .malformedKey(name) }
        return bytes
    }
}

extension JSONValue {
    /// Parses with the standard limits and JOSE's error.
    init(joseParsing bytes: [UInt8]) throws(JOSEError) {
        do { try self.init(parsing: bytes) } catch { throw .malformedJSON(error) }
    }
}
