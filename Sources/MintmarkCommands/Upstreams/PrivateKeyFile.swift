import JOSE

/// A private key as people have them in files: PEM (RFC 7468) of PKCS #8, PKCS #1 or an `ECPrivateKey`, or a
/// JWK (RFC 7517) with its private member.
enum PrivateKeyFile {
    /// Why a file holds no key that can be used. Says nothing of what is in it.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The key of a file's bytes. RSA signs with RS256 and elliptic curves with the algorithm of their curve, unless a JWK says `alg`.
    static func read(_ bytes: [UInt8]) throws(Failure) -> SigningKey {
        if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") { return try readJWK(bytes) }
        return try readPEM(String(decoding: bytes, as: UTF8.self))
    }

    private static func readJWK(_ bytes: [UInt8]) throws(Failure) -> SigningKey {
        guard let object = (try? JSONValue(parsing: bytes))?.object else { throw Failure(description: "it is no JSON object") }
        let curve = object["crv"]?.string ?? ""
        guard let algorithm = curves[curve] else { throw Failure(description: "a JWK has crv P-256, P-384 or Ed25519; RSA keys are read as PEM") }
        if let named = object["alg"]?.string, named != algorithm.rawValue { throw Failure(description: "alg does not fit the curve") }
        guard let text = object["d"]?.string, let secret = try? Base64URL.decode(Array(text.utf8)) else {
            throw Failure(description: "it has no private member d")
        }
        return try key(algorithm, secret)
    }

    private static let curves: [String: Algorithm] = ["P-256": .es256, "P-384": .es384, "Ed25519": .edDSA]

    private static func readPEM(_ text: String) throws(Failure) -> SigningKey {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }
        guard let begin = lines.firstIndex(where: { forms[String($0)] != nil }), let form = forms[String(lines[begin])],
            let end = lines[begin...].firstIndex(where: { $0.hasPrefix("-----END ") })
        else { throw Failure(description: refusal(of: lines)) }
        let content = lines[(begin + 1)..<end]
        // The older way to protect a key is a field in it (RFC 1421 section 4.6.1.1).
        guard !content.contains(where: { $0.hasPrefix("Proc-Type:") && $0.hasSuffix("ENCRYPTED") }) else { throw Failure(description: protected) }
        let encoded = content.joined().utf8.filter { $0 > 0x20 && $0 != UInt8(ascii: "=") }.map { byte in
            byte == UInt8(ascii: "+") ? UInt8(ascii: "-") : byte == UInt8(ascii: "/") ? UInt8(ascii: "_") : byte
        }
        guard let der = try? Base64URL.decode(encoded) else { throw Failure(description: "what stands between the lines is not base64") }
        switch form {
        case .pkcs8: return try readPKCS8(der)
        case .pkcs1: return try key(.rs256, der)
        case .sec1:
            var key = DER(der[...])
            return try readElliptic(&key, curve: nil)
        }
    }

    private enum Form { case pkcs8, pkcs1, sec1 }

    private static let forms: [String: Form] = [
        "-----BEGIN PRIVATE KEY-----": .pkcs8, "-----BEGIN RSA PRIVATE KEY-----": .pkcs1, "-----BEGIN EC PRIVATE KEY-----": .sec1,
    ]
    private static let protected =
        "it is protected by a pass phrase, which nobody could type when the server starts: openssl pkey -in FILE -out OTHER"

    private static func refusal(of lines: [Substring]) -> String {
        if lines.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") { return protected }
        for other in ["CERTIFICATE", "PUBLIC KEY"] where lines.contains("-----BEGIN \(other)-----") {
            return "it is a \(other.lowercased()), and a private key is needed"
        }
        return "it is neither a JWK nor PEM with a whole PRIVATE KEY"
    }

    /// `OneAsymmetricKey` (RFC 5958 section 2): version, algorithm, key.
    private static func readPKCS8(_ der: [UInt8]) throws(Failure) -> SigningKey {
        var outer = DER(der[...])
        guard var info = outer.enter(0x30), info.enter(0x02) != nil, var algorithm = info.enter(0x30), let name = algorithm.enter(0x06),
            var content = info.enter(0x04)
        else { throw Failure(description: "it is not PKCS #8") }
        switch Array(name.rest) {
        case rsa: return try key(.rs256, Array(content.rest))
        case ed25519:
            guard let seed = content.enter(0x04) else { throw Failure(description: "its Ed25519 key is malformed") }
            return try key(.edDSA, Array(seed.rest))
        case elliptic:
            guard let curve = algorithm.enter(0x06) else { throw Failure(description: unknownCurve) }
            return try readElliptic(&content, curve: Array(curve.rest))
        default: throw Failure(description: "its algorithm is not RSA, P-256, P-384 or Ed25519")
        }
    }

    /// `ECPrivateKey` (RFC 5915 section 3): version, scalar, curve. In PKCS #8 the curve is with the algorithm.
    private static func readElliptic(_ content: inout DER, curve named: [UInt8]?) throws(Failure) -> SigningKey {
        guard var inner = content.enter(0x30), inner.enter(0x02) != nil, let scalar = inner.enter(0x04) else {
            throw Failure(description: "its elliptic curve key is malformed")
        }
        var parameters = inner.enter(0xA0)
        guard let curve = named ?? parameters?.enter(0x06).map({ Array($0.rest) }), let signer = ellipticCurves[curve] else {
            throw Failure(description: unknownCurve)
        }
        return try key(signer, Array(scalar.rest))
    }

    private static let unknownCurve = "its elliptic curve is not P-256 or P-384"

    /// rsaEncryption (RFC 8017 appendix C), id-ecPublicKey (RFC 5480 section 2.1.1), id-Ed25519 (RFC 8410 section 3).
    private static let rsa: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
    private static let elliptic: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    private static let ed25519: [UInt8] = [0x2B, 0x65, 0x70]
    /// secp256r1 and secp384r1 (RFC 5480 section 2.1.1.1).
    private static let ellipticCurves: [[UInt8]: Algorithm] = [
        [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]: .es256, [0x2B, 0x81, 0x04, 0x00, 0x22]: .es384,
    ]

    private static func key(_ algorithm: Algorithm, _ serialized: [UInt8]) throws(Failure) -> SigningKey {
        do { return try SigningKey(algorithm: algorithm, serialized: serialized) } catch {
            throw Failure(description: "its key is no key of \(algorithm.rawValue): \(error)")
        }
    }
}

/// Distinguished encoding of ASN.1 (X.690), as far as a private key needs it: a tag, a length, a content.
private struct DER {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Takes the next element, if it has this tag, and gives what is in it.
    mutating func enter(_ tag: UInt8) -> DER? {
        guard rest.first == tag, let first = rest.dropFirst().first else { return nil }
        var body = rest.dropFirst(2)
        var length = Int(first)
        if first & 0x80 != 0 {
            let count = Int(first & 0x7F)
            guard (1...3).contains(count), body.count >= count else { return nil }
            length = body.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            body = body.dropFirst(count)
        }
        guard body.count >= length else { return nil }
        rest = body.dropFirst(length)
        return DER(body.prefix(length))
    }
}
