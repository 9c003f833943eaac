/// A public key as JSON (RFC 7517). It cannot hold a private member: there is no place for one.
public struct JWK: Sendable, Hashable {
    /// The members that make the key, each of the type its `kty` asks for. Binary members are decoded.
    public enum Material: Sendable, Hashable {
        /// `kty` EC: a point on a curve, both coordinates big-endian (RFC 7518 section 6.2).
        case ec(Curve, x: [UInt8], y: [UInt8])
        /// `kty` OKP with curve Ed25519: an encoded point (RFC 8037 section 2).
        case okp(x: [UInt8])
        /// `kty` RSA: modulus and public exponent, big-endian without leading zeros (RFC 7518 section 6.3).
        case rsa(n: [UInt8], e: [UInt8])
        /// `kty` AKP: a key that is for exactly one algorithm (RFC 9964).
        case akp(Algorithm, pub: [UInt8])
    }

    /// The curves of `kty` EC.
    public enum Curve: String, Sendable, Hashable {
        case p256 = "P-256"
        case p384 = "P-384"
    }

    /// The key itself.
    public let material: Material
    /// `kid`: 1 to 255 bytes, or nil if the key has no name.
    public let keyID: String?
    /// `alg`: nil if the key does not say.
    public let algorithm: Algorithm?

    /// - Parameters:
    ///   - keyID: nil for none; `thumbprint` is what Mintmark's own keys use.
    ///   - algorithm: what the key is for.
    public init(_ material: Material, keyID: String?, algorithm: Algorithm?) {
        self.material = material
        self.keyID = keyID
        self.algorithm = algorithm
    }

    /// The JSON text, public members and `use: sig` only.
    public var serialized: [UInt8] {
        var json = JSONWriter(capacity: 512)
        write(to: &json)
        return json.bytes
    }

    /// Writes the key as one JSON object.
    func write(to json: inout JSONWriter) {
        json.object { json in
            for (name, value) in requiredMembers { json.member(name, value) }
            if let keyID { json.member("kid", keyID) }
            if let algorithm, !isAKP { json.member("alg", algorithm.rawValue) }
            json.member("use", "sig")
        }
    }

    /// The members that are the key, in lexicographic order, binary ones encoded: what a thumbprint is taken over.
    var requiredMembers: [(name: String, value: String)] {
        switch material {
        case .ec(let curve, let x, let y):
            [("crv", curve.rawValue), ("kty", "EC"), ("x", Base64URL.string(x)), ("y", Base64URL.string(y))]
        case .okp(let x):
            [("crv", "Ed25519"), ("kty", "OKP"), ("x", Base64URL.string(x))]
        case .rsa(let n, let e):
            [("e", Base64URL.string(e)), ("kty", "RSA"), ("n", Base64URL.string(n))]
        case .akp(let algorithm, let pub):
            [("alg", algorithm.rawValue), ("kty", "AKP"), ("pub", Base64URL.string(pub))]
        }
    }

    private var isAKP: Bool { if case .akp = material { true } else { false } }
}
