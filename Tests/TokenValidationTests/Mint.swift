import JOSE
import TokenCore
import TokenValidation

/// A key, and tokens of it whose claims a test changes.
struct Mint: Sendable {
    let key: SigningKey
    let now = UnixTime(seconds: 1_800_000_000)
    let session = SessionID(birth: UnixTime(seconds: 1_800_000_000), partition: .control, random: .random(in: .min ... .max))

    init() throws { key = try SigningKey.generate(.es256) }

    func verifier(leeway: Duration = .seconds(5)) throws -> AccessTokenVerifier {
        guard let id = KeyID(key.keyID) else { throw InvalidToken(.unknownKey) }
        return AccessTokenVerifier(
            policy: try .init(issuer: "https://mint.example", audience: ["api"], leeway: leeway), keys: [id: key.verificationKey])
    }

    func token(type: String = "at+jwt", _ change: (inout JSONObject) -> Void = { _ in }) throws -> [UInt8] {
        var claims = JSONObject()
        claims["iss"] = .string("https://mint.example")
        claims["sub"] = .string("1")
        claims["aud"] = .string("api")
        claims["exp"] = .integer(1_800_000_900)
        claims["iat"] = .integer(1_800_000_000)
        claims["jti"] = .string("t")
        claims["sid"] = .string(session.description)
        claims["user_id"] = .integer(1)
        change(&claims)
        return try key.signJWS(type: type, payload: JSONValue.object(claims).serialized)
    }
}
