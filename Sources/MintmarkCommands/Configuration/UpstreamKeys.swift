/// The rows of one entry of `upstreams`, a named map: the entry's own name stands where NAME does.
enum UpstreamKeys {
    static let source = ConfigurationKey<UpstreamSourceKind>(
        "upstreams.NAME.source", .word, derived: "", "Where the tokens come from; docs/upstreams.md says what each source needs.")
    static let tokenURL = ConfigurationKey(
        "upstreams.NAME.token_url", .webURL, derived: "", "The token endpoint; http only to this machine.")
    static let clientID = ConfigurationKey("upstreams.NAME.client_id", .text("text"), derived: "", "Who asks: `client_id`.")
    static let clientSecret = ConfigurationKey(
        "upstreams.NAME.client_secret", .text("text"), default: "", secret: true, "The client's secret. Better in client_secret_file.")
    static let clientSecretFile = ConfigurationKey(
        "upstreams.NAME.client_secret_file", .text("path"), derived: "",
        "File with the client's secret, mode 0600, or 0440 and root's; read again for every fetch, so that it may be rotated.")
    static let clientAuthentication = ConfigurationKey<UpstreamClientAuthentication>(
        "upstreams.NAME.client_auth", .word, derived: "what is set: basic, private_key_jwt or tls",
        "How the client proves who it is: its secret in the Authorization field or in the body, an assertion by private_key_file, or tls.certificate."
    )
    static let privateKeyFile = ConfigurationKey(
        "upstreams.NAME.private_key_file", .text("path"), derived: "",
        "File with the private key, PEM or a JWK, that signs assertions: private_key_jwt in place of a secret, and jwt_bearer.")
    static let certificate = ConfigurationKey(
        "upstreams.NAME.tls.certificate", .text("path"), derived: "",
        "PEM file with the client's certificate and its chain, shown to token_url and proxy.to (RFC 8705); read when the server starts.")
    static let certificateKey = ConfigurationKey(
        "upstreams.NAME.tls.key", .text("path"), derived: "", "PEM file with the private key of that certificate, mode 0600, or 0440 and root's.")
    static let caFile = ConfigurationKey(
        "upstreams.NAME.ca_file", .text("path"), derived: "",
        "PEM file with the authorities that vouch for token_url, url and proxy.to; empty trusts those of the system. Read when the server starts.")
    static let dpopKeyFile = ConfigurationKey(
        "upstreams.NAME.dpop_key_file", .text("path"), derived: "",
        "File with the private key, PEM or a JWK, to which the tokens are bound (RFC 9449); needs proxy.to, which makes the proofs.")
    static let scope = ConfigurationKey("upstreams.NAME.scope", .text("text"), derived: "", "The scopes to ask for, a space between them.")
    static let resource = ConfigurationKey("upstreams.NAME.resource", .texts, derived: "", "`resource` (RFC 8707).")
    static let audience = ConfigurationKey(
        "upstreams.NAME.audience", .texts, derived: "", "`audience` (RFC 8693); of jwt_bearer the assertion's `aud`.")
    static let refreshTokenFile = ConfigurationKey(
        "upstreams.NAME.refresh_token_file", .text("path"), derived: "", "File with the refresh token to begin with.")
    static let subjectTokenFile = ConfigurationKey(
        "upstreams.NAME.subject_token_file", .text("path"), derived: "", "File with the token to exchange; read again for every fetch.")
    static let subjectTokenType = ConfigurationKey(
        "upstreams.NAME.subject_token_type", .text("URI"), derived: "urn:ietf:params:oauth:token-type:access_token",
        "What that token is (RFC 8693 section 3).")
    static let issuer = ConfigurationKey("upstreams.NAME.issuer", .text("text"), derived: "<client_id>", "The `iss` of a jwt_bearer assertion.")
    static let subject = ConfigurationKey("upstreams.NAME.subject", .text("text"), derived: "<issuer>", "The `sub` of a jwt_bearer assertion.")
    static let command = ConfigurationKey(
        "upstreams.NAME.command", .arguments, derived: "", "What to run: a program and its arguments, without a shell; it prints the token as JSON.")
    static let path = ConfigurationKey("upstreams.NAME.path", .text("path"), derived: "", "File with the token, as text or JSON; watched.")
    static let url = ConfigurationKey("upstreams.NAME.url", .webURL, derived: "", "The other Mintmark; http only to this machine.")
    static let upstream = ConfigurationKey("upstreams.NAME.upstream", .text("text"), derived: "<NAME>", "What the token is called there.")
    static let allow = ConfigurationKey(
        "upstreams.NAME.allow", .allowRules, derived: "",
        "Who may have the tokens: names or ids of clients, loopback, uid:NUMBER; with a scope in brackets a narrower token. Nobody by default.")
    static let refreshAt = ConfigurationKey(
        "upstreams.NAME.refresh_at", .integer(10...95), derived: "80", "After how many hundredths of its lifetime a token is replaced.")
    static let refreshEvery = ConfigurationKey(
        "upstreams.NAME.refresh_every", .duration(.seconds(1) ... .hours(8760)), derived: "",
        "A fixed interval in place of refresh_at, whatever the token says of its lifetime.")
    static let fallbackLifetime = ConfigurationKey(
        "upstreams.NAME.fallback_lifetime", .duration(.seconds(1) ... .hours(8760)), derived: "5m",
        "How long a token is taken to last whose issuer does not say.")
    static let timeout = ConfigurationKey(
        "upstreams.NAME.timeout", .duration(.milliseconds(100) ... .seconds(600)), derived: "30s", "How long one fetch may take.")
    static let proxyTo = ConfigurationKey(
        "upstreams.NAME.proxy.to", .webURL, derived: "", "Where /upstreams/NAME/proxy/… leads, with the token added; http only to this machine.")

    /// Every row, in the order of docs/configuration.md.
    static let all: [any DescribedKey] = [
        source, tokenURL, clientID, clientSecret, clientSecretFile, clientAuthentication, privateKeyFile, certificate, certificateKey, caFile,
        dpopKeyFile, scope, resource, audience, refreshTokenFile, subjectTokenFile, subjectTokenType, issuer, subject, command, path, url, upstream,
        allow, refreshAt, refreshEvery, fallbackLifetime, timeout, proxyTo,
    ]
}

extension UpstreamKeys {
    /// The section of the map.
    static let section = "upstreams"

    /// The row of `upstreams.crm.scope`; nil for what is no key of an entry.
    static func row(_ name: String) -> (any DescribedKey)? {
        guard let (entry, rest) = split(name), isName(entry) else { return nil }
        return byRest[rest]
    }

    /// True for `upstreams`, `upstreams.crm`, `upstreams.crm.proxy` and `upstreams.crm.tls`.
    static func isSection(_ name: String) -> Bool {
        if name == section { return true }
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count >= 2, words[0] == section, isName(String(words[1])) else { return false }
        return words.count == 2 || words.count == 3 && ["proxy", "tls"].contains(words[2])
    }

    /// 1 to 64 letters, digits, `-` and `_`, the first a letter or a digit: a name is a segment of a path, a label and a part of a key.
    static func isName(_ text: String) -> Bool {
        let isWord: (UInt8) -> Bool = { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, isWord(first) else { return false }
        return text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    /// The sentence for a key below `upstreams` that does not exist; nil for any other.
    static func unknown(_ name: String) -> String? {
        let shown = name.count > EditDistance.longest ? name.prefix(EditDistance.longest) + "…" : name[...]
        guard name.hasPrefix(section + ".") else { return nil }
        let entry = String(name.dropFirst(section.count + 1).prefix { $0 != "." })
        guard isName(entry) else {
            let shown = entry.prefix(EditDistance.longest)
            return "'\(shown)' is no name of an upstream: 1 to 64 letters, digits, - and _, the first a letter or a digit."
        }
        guard let (_, rest) = split(name), let near = EditDistance.nearest(to: rest, among: byRest.keys.sorted()) else {
            return "There is no key '\(shown)': docs/configuration.md lists those of an upstream."
        }
        return "There is no key '\(shown)'; the nearest is '\(section).\(entry).\(near)'."
    }

    /// The key of a variable such as `MINTMARK_UPSTREAMS_CRM_CLIENT_SECRET`: the longest known end is the key, what is before it the entry's name in
    /// lower case.
    static func key(ofVariable name: String) -> String? {
        let prefix = EnvironmentReader.prefix + section.uppercased() + "_"
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count).lowercased()
        let ends = byRest.keys.map { (end: "_" + $0.replacing(".", with: "_"), rest: $0) }.sorted { $0.end.utf8.count > $1.end.utf8.count }
        guard let found = ends.first(where: { rest.hasSuffix($0.end) }) else { return nil }
        let entry = String(rest.dropLast(found.end.count))
        return isName(entry) ? "\(section).\(entry).\(found.rest)" : nil
    }

    private static func split(_ name: String) -> (entry: String, rest: String)? {
        let words = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == section else { return nil }
        return (String(words[1]), String(words[2]))
    }

    /// By what follows the entry's name: `scope`, `proxy.to`.
    private static let byRest = Dictionary(uniqueKeysWithValues: all.map { (String($0.name.dropFirst("upstreams.NAME.".count)), $0) })
}

/// The sources of tokens of somebody else's, as the configuration calls them.
enum UpstreamSourceKind: String, Sendable, CaseIterable {
    case clientCredentials = "client_credentials"
    case refreshToken = "refresh_token"
    case tokenExchange = "token_exchange"
    case jwtBearer = "jwt_bearer"
    case exec
    case file
    case mintmark
}

/// How a client proves who it is.
enum UpstreamClientAuthentication: String, Sendable, CaseIterable {
    /// A secret by HTTP Basic (RFC 6749 section 2.3.1).
    case basic
    /// A secret in the body.
    case post
    /// An assertion that a key signs (RFC 7523 section 2.2).
    case privateKeyJWT = "private_key_jwt"
    /// A certificate (RFC 8705 section 2).
    case tls
}
