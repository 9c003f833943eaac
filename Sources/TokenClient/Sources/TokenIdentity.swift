/// Everything that changes which token a source brings: two requests that differ in any of it never share one.
///
/// One reference, however many fields: a registry of many identities has each in several places.
public struct TokenIdentity: Hashable, Sendable {
    private struct Values: Hashable, Sendable {
        let issuer: String
        let client: String
        let grant: String
        /// Each once, in order, with spaces between them.
        let scope: String
        let resources: [String]
        let subject: String
        let keyBinding: String
        let parameters: [String]
    }

    private final class Fields: Sendable {
        let values: Values

        init(_ values: Values) { self.values = values }
    }

    private let fields: Fields

    /// An identity.
    ///
    /// - Parameter scope: scopes with spaces between them.
    public init(
        issuer: String, client: String = "", grant: String, scope: String = "", resources: [String] = [], subject: String = "",
        keyBinding: String = "", parameters: [String] = []
    ) {
        let scope = Self.ordered(scope.split(separator: " ").map(String.init))
        fields = Fields(
            Values(
                issuer: issuer, client: client, grant: grant, scope: scope, resources: resources, subject: subject, keyBinding: keyBinding,
                parameters: parameters))
    }

    /// Who issues it: the token endpoint, a file's path, a command line.
    public var issuer: String { fields.values.issuer }
    /// `client_id`, or whoever asks.
    public var client: String { fields.values.client }
    /// The way it is asked for: `client_credentials`, `exec`, …
    public var grant: String { fields.values.grant }
    /// The scopes asked for; their order means nothing (RFC 6749 section 3.3).
    public var scopes: Set<String> { Set(fields.values.scope.split(separator: " ").map(String.init)) }
    /// `resource` and `audience` (RFC 8707, RFC 8693), in their order.
    public var resources: [String] { fields.values.resources }
    /// On whose behalf: the subject token or assertion's subject, by a digest where it is a secret.
    public var subject: String { fields.values.subject }
    /// The key that the token is bound to (RFC 7638 thumbprint, or of a certificate); empty for a bearer token.
    public var keyBinding: String { fields.values.keyBinding }
    /// What else is sent, in their order.
    public var parameters: [String] { fields.values.parameters }

    /// Whether all of it is the same.
    public static func == (a: TokenIdentity, b: TokenIdentity) -> Bool { a.fields === b.fields || a.fields.values == b.fields.values }

    /// By all of it.
    public func hash(into hasher: inout Hasher) { hasher.combine(fields.values) }

    /// Each scope once, in the order of their bytes.
    private static func ordered(_ scopes: [String]) -> String { Set(scopes).sorted().joined(separator: " ") }

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
        append(all: fields.values.scope.split(separator: " ").map(String.init))
        append(all: resources)
        append(all: parameters)
        return bytes
    }
}
