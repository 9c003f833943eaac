import JOSE
import TokenCore

/// What a login's body may say, with its bounds.
struct LoginBody {
    private let body: JSONBody
    /// What scope, audience, device and claims may take together, as the token carries them: an escape in JSON is up to six bytes long. It is
    /// stored with the session and sent with every token, which with the longest subject and the longest signature then stays below
    /// `JWS.longest`.
    static let attributeBytes = 2_048

    init(_ body: JSONBody) { self.body = body }

    /// The request for the engine.
    ///
    /// - Throws: `invalid_request` with what is wrong.
    func request(client: ClientID?) throws(OAuthError) -> LoginGrant.Request {
        var attributes = Family.Attributes()
        attributes.scope = try scope()
        attributes.audience = try text("audience")
        attributes.device = try text("device")
        attributes.claims = try claims()
        let texts = [attributes.scope, attributes.audience, attributes.device]
        guard texts.reduce(attributes.claims.count, { $0 + Self.size($1) }) <= Self.attributeBytes else {
            throw OAuthError(.invalidRequest, "Scope, audience, device and claims take more than 2048 bytes of JSON together.")
        }
        return LoginGrant.Request(subject: try subject(), client: client, attributes: attributes)
    }

    /// How long a text is in JSON, without its quotes.
    private static func size(_ text: String?) -> Int {
        guard let text else { return 0 }
        var json = JSONWriter(capacity: text.utf8.count + 2)
        json.value(text)
        return json.bytes.count - 2
    }

    /// An integer written as one, or a string: `1.0` and `-1` are neither.
    private func subject() throws(OAuthError) -> Subject {
        switch body["user_id"] {
        case .integer(let number): if let subject = Subject(integer: number) { return subject }
        case .string(let text): if let subject = Subject(text: text) { return subject }
        default: break
        }
        throw OAuthError(.invalidRequest, "user_id must be an integer from 0 to 2^53-1 or a string of 1 to 255 bytes.")
    }

    /// Tokens of visible ASCII without quote and backslash, one space between them (RFC 6749 section 3.3).
    private func scope() throws(OAuthError) -> String? {
        guard let scope = try text("scope") else { return nil }
        let isWellFormed = scope.split(separator: " ", omittingEmptySubsequences: false).allSatisfy { token in
            !token.isEmpty && token.utf8.allSatisfy { $0 == 0x21 || (0x23...0x5b).contains($0) || (0x5d...0x7e).contains($0) }
        }
        guard isWellFormed else { throw OAuthError(.invalidRequest, "scope is malformed.") }
        return scope
    }

    private func text(_ name: String) throws(OAuthError) -> String? {
        guard let text = try body.optionalString(name) else { return nil }
        guard !text.isEmpty else { throw OAuthError(.invalidRequest, "This member must not be empty: \(name).") }
        return text
    }

    /// The members of the claims object without its braces, as the session keeps them.
    private func claims() throws(OAuthError) -> [UInt8] {
        guard let value = body["claims"] else { return [] }
        guard let object = value.object else { throw OAuthError(.invalidRequest, "claims must be an object.") }
        for member in object.members where ReservedClaims.contains(member.name) {
            throw OAuthError(.invalidRequest, "claims names a reserved claim; docs/reserved-claims.md lists them.")
        }
        return Array(value.serialized.dropFirst().dropLast())
    }
}
