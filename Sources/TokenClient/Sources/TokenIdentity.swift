/// Everything that changes which token a source brings: two requests that differ in any of it never share one.
public struct TokenIdentity: Hashable, Sendable {
    /// Who issues it: the token endpoint, a file's path, a command line.
    public var issuer: String
    /// `client_id`, or whoever asks.
    public var client: String
    /// The way it is asked for: `client_credentials`, `exec`, …
    public var grant: String
    /// The scopes asked for; their order means nothing (RFC 6749 section 3.3).
    public var scopes: Set<String>
    /// `resource` and `audience` (RFC 8707, RFC 8693), in their order.
    public var resources: [String]
    /// On whose behalf: the subject token or assertion's subject, by a digest where it is a secret.
    public var subject: String
    /// The key that the token is bound to (RFC 7638 thumbprint, or of a certificate); empty for a bearer token.
    public var keyBinding: String
    /// What else is sent, in their order.
    public var parameters: [String]

    /// An identity.
    ///
    /// - Parameter scope: scopes with spaces between them.
    public init(
        issuer: String, client: String = "", grant: String, scope: String = "", resources: [String] = [], subject: String = "",
        keyBinding: String = "", parameters: [String] = []
    ) {
        self.issuer = issuer
        self.client = client
        self.grant = grant
        self.scopes = Set(scope.split(separator: " ").map(String.init))
        self.resources = resources
        self.subject = subject
        self.keyBinding = keyBinding
        self.parameters = parameters
    }

    /// All of it in one form, lengths first, so that no two identities have the same bytes: what a store's key is a digest of.
    public var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        func append(_ text: String) {
            withUnsafeBytes(of: UInt32(text.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: text.utf8)
        }
        func append(all texts: [String]) {
            append("\(texts.count)")
            for text in texts { append(text) }
        }
        for text in [issuer, client, grant, subject, keyBinding] { append(text) }
        append(all: scopes.sorted())
        append(all: resources)
        append(all: parameters)
        return bytes
    }
}
