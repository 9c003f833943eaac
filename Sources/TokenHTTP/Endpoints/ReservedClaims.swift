/// The claims that a caller of `/login` may not set, because Mintmark or an RFC that it implements sets or interprets them.
/// docs/reserved-claims.md is this table for readers; a test compares both.
enum ReservedClaims {
    /// By where they are defined.
    static let bySource: [(source: String, names: [String])] = [
        ("RFC 7519 section 4.1", ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]),
        ("Mintmark", ["user_id"]),
        ("RFC 6749, RFC 8693 section 4", ["client_id", "scope", "act", "may_act"]),
        ("RFC 7800 section 3.1", ["cnf"]),
        ("RFC 9396 section 9", ["authorization_details"]),
        ("OpenID Connect Core section 2", ["auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash"]),
        ("FAPI 1.0 Advanced section 5.1", ["s_hash"]),
        ("OpenID Connect Logout", ["sid", "events"]),
        ("RFC 8417 section 2.2", ["toe", "txn"]),
        ("RFC 7662 section 2.2", ["active", "username", "token_type"]),
        ("RFC 9701 section 5", ["token_introspection"]),
        ("RFC 9449 section 4.2", ["htm", "htu", "ath"]),
        ("RFC 7515 section 4.1, where readers mistake a claim for it", ["typ"]),
    ]

    private static let names = Set(bySource.flatMap(\.names))

    /// Whether a name is reserved. Claim names are compared byte by byte (RFC 7519 section 7.3).
    static func contains(_ name: String) -> Bool { names.contains { $0.utf8.elementsEqual(name.utf8) } }
}
