/// The claims of a JWT: a payload that is one JSON object (RFC 7519 section 4). Reading them says nothing about their truth;
/// that is what `JWTPolicy` and the signature are for.
public struct JWTClaims: Sendable, Hashable {
    /// All claims in their order.
    public let object: JSONObject

    /// Reads the payload of a token.
    ///
    /// - Throws: `.malformedJSON` for what the strict reader refuses, `.malformedClaims` for another value than an object.
    public init(parsing payload: [UInt8]) throws(JOSEError) {
        guard let object = try JSONValue(joseParsing: payload).object else { throw .malformedClaims }
        self.object = object
    }

    /// - Parameter object: claims that were read or built before.
    public init(_ object: JSONObject) { self.object = object }

    /// The claim with this name, or nil.
    public subscript(name: String) -> JSONValue? { object[name] }

    /// `iss`, if it is a string.
    public var issuer: String? { object["iss"]?.string }
    /// `sub`, if it is a string.
    public var subject: String? { object["sub"]?.string }
    /// `jti`, if it is a string.
    public var tokenID: String? { object["jti"]?.string }
    /// `exp`, if it is a date.
    public var expiry: NumericDate? { object["exp"].flatMap(NumericDate.init) }
    /// `nbf`, if it is a date.
    public var notBefore: NumericDate? { object["nbf"].flatMap(NumericDate.init) }
    /// `iat`, if it is a date.
    public var issuedAt: NumericDate? { object["iat"].flatMap(NumericDate.init) }

    /// `aud` as a list: a string is a list of one. Nil if absent, empty, or not made of non-empty strings.
    public var audience: [String]? {
        let values = object["aud"]?.string.map { [$0] } ?? object["aud"]?.array?.map(\.string).strings
        guard let values, !values.isEmpty, !values.contains("") else { return nil }
        return values
    }
}

extension [String?] {
    /// The strings, or nil if one is missing.
    fileprivate var strings: [String]? {
        let strings = compactMap(\.self)
        return strings.count == count ? strings : nil
    }
}
