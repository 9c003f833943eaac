import JOSE
import TokenCore

/// A token as a program prints it or a file holds it: JSON in one of a few forms, or the bare token.
enum PrintedToken {
    /// Reads JSON: `access_token` or `token` with `expires_in` or `expires_at`, or the `ExecCredential` of kubectl's plugins. A JWT that comes without an
    /// end is taken to end with its own `exp`.
    ///
    /// - Throws: `.notUnderstood`, with what is missing.
    static func read(json bytes: Secret) throws(TokenSourceError) -> IssuedToken {
        guard let object = TokenAnswer.object(bytes, longest: 1_048_576) else { throw TokenAnswer.misread("it is not a JSON object") }
        if let status = object["status"]?.object { return try credential(status) }
        guard let text = (object["access_token"] ?? object["token"])?.string else { throw TokenAnswer.misread("it has no access_token and no token") }
        if let type = object["token_type"]?.string, type.lowercased() != "bearer" { throw TokenAnswer.misread("the token_type is not Bearer") }
        var lifetime = try TokenAnswer.lifetime(object["expires_in"])
        if lifetime == .unstated { lifetime = try end(object["expires_at"], "expires_at") }
        return try token(text, lifetime, scope: object["scope"]?.string)
    }

    /// Reads a bare token.
    ///
    /// - Throws: `.notUnderstood` for nothing and for what cannot be sent in a header.
    static func read(bare bytes: Secret) throws(TokenSourceError) -> IssuedToken {
        try token(String(decoding: bytes.bytes, as: UTF8.self), .unstated)
    }

    /// `status` of an ExecCredential of `client.authentication.k8s.io`. A certificate in it is nothing that a header could carry.
    private static func credential(_ status: JSONObject) throws(TokenSourceError) -> IssuedToken {
        guard let text = status["token"]?.string else { throw TokenAnswer.misread("its status has no token") }
        return try token(text, try end(status["expirationTimestamp"], "expirationTimestamp"))
    }

    private static func token(_ text: String, _ lifetime: TokenLifetime, scope: String? = nil) throws(TokenSourceError) -> IssuedToken {
        let value = try TokenAnswer.sendable(text, "the token")
        return IssuedToken(value, lifetime: lifetime == .unstated ? ownEnd(of: value) : lifetime, scope: scope)
    }

    /// Seconds since 1970, or a moment as RFC 3339 writes it.
    private static func end(_ value: JSONValue?, _ name: String) throws(TokenSourceError) -> TokenLifetime {
        guard let value, value != .null else { return .unstated }
        if let date = NumericDate(value) { return .until(UnixTime(seconds: date.floor)) }
        guard let moment = value.string.flatMap(UnixTime.init(rfc3339:)) else { throw TokenAnswer.misread("\(name) is no moment") }
        return .until(moment)
    }

    /// `exp` of a token that is a JWT. Its signature is nobody's business here.
    private static func ownEnd(of value: Secret) -> TokenLifetime {
        guard let jws = try? JWS(parsing: value.bytes, limit: 65_536), let claims = try? JWTClaims(parsing: jws.payload),
            let end = claims.expiry
        else { return .unstated }
        return .until(UnixTime(seconds: end.floor))
    }
}
