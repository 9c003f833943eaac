import JOSE
import TokenCore

/// A JWT by which somebody says who they are to a token endpoint (RFC 7523 section 3).
struct Assertion {
    var issuer: String
    var subject: String
    var audience: String
    /// What else the server wants to read in it.
    var claims = JSONObject()
    /// How long it is valid: it is used at once, and replayed if it is ever found.
    var lifetime: Duration = .seconds(60)

    /// The assertion with an id of its own, valid from now on.
    ///
    /// - Throws: `.misconfigured` if the key does not sign.
    func signed(with key: SigningKey, keyID: String, now: UnixTime) throws(TokenSourceError) -> Secret {
        var claims = claims
        claims["iss"] = .string(issuer)
        claims["sub"] = .string(subject)
        claims["aud"] = .string(audience)
        claims["iat"] = .integer(now.seconds)
        claims["exp"] = .integer((now + lifetime).seconds)
        claims["jti"] = .string(JWTText.freshID())
        return Secret(try JWTText.sign(claims, type: "JWT", header: ("kid", .string(keyID)), with: key))
    }
}

/// Signed JWTs whose headers hold what the receiver wants: a name that somebody else gave the key, or the key itself.
enum JWTText {
    /// The compact serialization.
    ///
    /// - Throws: `.misconfigured` if the key does not sign.
    static func sign(
        _ claims: JSONObject, type: String, header: (name: String, value: JSONValue), with key: SigningKey
    ) throws(TokenSourceError) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("typ", type)
            json.member("alg", key.algorithm.rawValue)
            json.member(header.name, header.value)
        }
        var compact = Base64URL.encode(json.bytes) + [UInt8(ascii: ".")]
        Base64URL.append(JSONValue.object(claims).serialized, to: &compact)
        let signature: [UInt8]
        do { signature = try key.signature(for: compact) } catch { throw TokenSourceError(.misconfigured("the key \(key.keyID) does not sign")) }
        compact.append(UInt8(ascii: "."))
        Base64URL.append(signature, to: &compact)
        return compact
    }

    /// 128 random bits: never the same twice.
    static func freshID() -> String {
        Base64URL.string((0..<16).map { _ in UInt8.random(in: .min ... .max) })
    }
}
