import Crypto
import CryptoExtras
import JOSE
import Testing

@Suite("Published vectors")
struct VectorTests {
    @Test(arguments: try Vector.all("jws"))
    func tokenIsJudgedAsItsFileExpects(_ vector: Vector) throws {
        let compact = utf8(try vector.text("compact"))
        switch try vector.text("expect") {
        case "valid":
            try JWS(parsing: compact).verify(with: try vector.verificationKey())
        case "refused":
            let key = try vector.verificationKey()
            #expect(throws: JOSEError.self) { try JWS(parsing: compact).verify(with: key) }
        case "unsupported-key":
            #expect(throws: JOSEError.unsupportedKey) { try vector.verificationKey() }
        case "unsupported-algorithm":
            let jwk = try JWK(try vector.object("key"))
            for algorithm in [Algorithm.rs256, .ps256] {
                let key = try VerificationKey(jwk: jwk, algorithm: algorithm)
                #expect(throws: JOSEError.algorithmMismatch(key: algorithm)) { try JWS(parsing: compact).verify(with: key) }
            }
        case "weak-key":
            #expect(throws: JOSEError.weakKey) { try vector.verificationKey() }
        case let unknown: Issue.record("\(vector.name): expects \(unknown)")
        }
    }

    @Test(arguments: try Vector.all("jws").filter { $0.members.contains("deterministic") })
    func deterministicSignatureIsReproduced(_ vector: Vector) throws {
        let token = try JWS(parsing: utf8(try vector.text("compact")))
        let key = try Self.signingKey(vector)
        #expect(try key.signature(for: Array(token.signingInput)) == token.signature)
    }

    @Test(arguments: try Vector.all("jws").filter { try $0.text("alg").hasPrefix("ML-DSA") && $0.members.contains("private") })
    func seedOfTheVectorGivesItsPublicKey(_ vector: Vector) throws {
        guard let algorithm = Algorithm(rawValue: try vector.text("alg")) else {
            #expect(try vector.text("expect") == "unsupported-key")
            return
        }
        let key = try SigningKey(algorithm: algorithm, serialized: try vector.secret("priv"))
        #expect(key.publicJWK.material == (try JWK(try vector.object("key"))).material)
        let token = try JWS(parsing: try key.signJWS(type: "at+jwt", payload: []))
        try token.verify(with: try vector.verificationKey())
    }

    @Test(arguments: try Vector.all("thumbprint"))
    func thumbprintIsTheOneOfTheFile(_ vector: Vector) throws {
        #expect(try JWK(try vector.object("key")).thumbprint == (try vector.text("thumbprint")))
    }

    /// canon 50: a set that gives a private member away is refused as a whole.
    @Test(arguments: try Vector.all("jwks"))
    func keySetIsReadAsItsFileExpects(_ vector: Vector) throws {
        let bytes = JSONValue.object(try vector.object("set")).serialized
        guard try vector.text("expect") == "keys" else {
            #expect(throws: JOSEError.privateMember) { try JWKSet(parsing: bytes) }
            return
        }
        let set = try JWKSet(parsing: bytes)
        #expect(set.keys.map(\.keyID) == vector.members["kids"]?.array?.map(\.string))
        #expect(set.ignored == vector.members["ignored"]?.integer.map(Int.init))
    }

    private static func signingKey(_ vector: Vector) throws -> SigningKey {
        let algorithm = try #require(Algorithm(rawValue: try vector.text("alg")))
        guard algorithm == .rs256 else { return try SigningKey(algorithm: algorithm, serialized: try vector.secret("d")) }
        let key = try vector.object("key")
        let n = try Base64URL.decode(try #require(key["n"]?.string))
        let e = try Base64URL.decode(try #require(key["e"]?.string))
        let numbers = try _RSA.Signing.PrivateKey(
            n: n, e: e, d: try vector.secret("d"), p: try vector.secret("p"), q: try vector.secret("q"))
        return try SigningKey(algorithm: .rs256, serialized: [UInt8](numbers.derRepresentation))
    }
}
