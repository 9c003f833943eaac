import Foundation
import JOSE
import Testing

/// A file under `Vectors`, read with our own reader.
struct Vector: Sendable, CustomTestStringConvertible {
    let name: String
    let members: JSONObject

    var testDescription: String { name }

    /// Every vector of one kind, in the order of their names; there must be some.
    static func all(_ kind: String) throws -> [Vector] {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Vectors/\(kind)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        try #require(!files.isEmpty)
        return try files.sorted { $0.path < $1.path }.map { file in
            let value = try JSONValue(parsing: [UInt8](try Data(contentsOf: file)))
            return Vector(name: file.lastPathComponent, members: try #require(value.object))
        }
    }

    /// A string member that the file must have.
    func text(_ name: String) throws -> String { try #require(members[name]?.string, "\(self.name): \(name)") }

    /// An object member that the file must have.
    func object(_ name: String) throws -> JSONObject { try #require(members[name]?.object, "\(self.name): \(name)") }

    /// A base64url member of the private half of the key.
    func secret(_ name: String) throws -> [UInt8] {
        try Base64URL.decode(try #require(try object("private")[name]?.string))
    }

    /// The key to verify with: a JWK, or a secret for HS256.
    func verificationKey() throws -> VerificationKey {
        if let secret = members["secret"]?.string {
            return try VerificationKey(hmacSecret: try Base64URL.decode(secret), keyID: "vector")
        }
        let jwk = try JWK(try object("key"))
        guard let algorithm = Algorithm(rawValue: try text("alg")) else { return try VerificationKey(jwk: jwk) }
        return try VerificationKey(jwk: jwk, algorithm: algorithm)
    }
}
