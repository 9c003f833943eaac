import JOSE
import TokenCore

extension TokenAnswer {
    /// What the answer means.
    ///
    /// - Parameters:
    ///   - isBound: whether a token bound to a key was asked for: then a bearer token is no answer, and else a bound one is none
    ///     (RFC 9449 section 5).
    ///   - access: what the member with the token is called, and `refresh` the one with what it is refreshed by.
    func read(
        isBound: Bool, access: String = "access_token", refresh: String = "refresh_token"
    ) throws(TokenSourceError) -> IssuedGrant {
        guard (200..<300).contains(status) else { throw failure }
        guard let object = Self.object(body) else { throw Self.misread("it is not a JSON object") }
        // Some answer 200 to everything: what says `error` is a refusal all the same.
        if let error = object["error"]?.string { throw refusal(error, object) }
        guard let value = object[access]?.string else { throw Self.misread("\(access) is missing") }
        let token = IssuedToken(
            try Self.sendable(value, access), type: try Self.type(object["token_type"], isBound: isBound),
            lifetime: try Self.lifetime(object["expires_in"]), scope: try Self.text(object["scope"], "scope"))
        guard let next = try Self.text(object[refresh], refresh) else { return IssuedGrant(token) }
        return IssuedGrant(token, refreshToken: try Self.sendable(next, refresh))
    }

    /// What an answer means that is no success.
    var failure: TokenSourceError {
        guard let object = Self.object(body), let error = object["error"]?.string else {
            return TokenSourceError(.status(status), retryAfter: retryAfter)
        }
        return refusal(error, object)
    }

    /// Whether it is a refusal that ends with a nonce (RFC 9449 section 8).
    static func wantsNonce(_ response: TokenEndpointResponse) -> Bool {
        (400..<500).contains(response.status) && object(response.body)?["error"]?.string == "use_dpop_nonce"
    }

    /// A body that is one JSON object; the reader's own bounds are raised to those of a body.
    static func object(_ body: Secret, longest: Int = 262_144) -> JSONObject? {
        (try? JSONValue(parsing: body.bytes, limits: JSONLimits(bytes: longest)))?.object
    }

    static func misread(_ what: String) -> TokenSourceError { TokenSourceError(.notUnderstood(what)) }

    /// The server's own words, in one line, without what was sent to it.
    private func refusal(_ error: String, _ object: JSONObject) -> TokenSourceError {
        func word(_ text: String) -> String { Self.oneLine(Self.hide(presented, in: text)) }
        let refusal = OAuthRefusal(
            error: word(error), description: object["error_description"]?.string.map(word), uri: object["error_uri"]?.string.map(word),
            status: status)
        return TokenSourceError(.refused(refusal), retryAfter: retryAfter)
    }

    /// An integer, or its digits as a string, as some servers have it; left out or null says nothing.
    static func lifetime(_ value: JSONValue?) throws(TokenSourceError) -> TokenLifetime {
        guard let value, value != .null else { return .unstated }
        guard let seconds = value.integer ?? value.string.flatMap(Int64.init), seconds >= 0 else {
            throw misread("expires_in is not a number of seconds")
        }
        return .lasting(.seconds(seconds))
    }

    /// A token can stand in a header: printable ASCII without spaces (RFC 6749 appendix A.12), and there is one.
    static func sendable(_ text: String, _ name: String) throws(TokenSourceError) -> Secret {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw misread("\(name) cannot be sent in a header") }
        return Secret(Array(text.utf8))
    }

    /// A kind of token that is not understood must not be used (RFC 6749 section 7.1). Case does not matter.
    private static func type(_ value: JSONValue?, isBound: Bool) throws(TokenSourceError) -> String {
        guard let type = value?.string else { throw misread("token_type is missing") }
        switch (type.lowercased(), isBound) {
        case ("bearer", false): return "Bearer"
        case ("dpop", true): return "DPoP"
        case ("bearer", true): throw misread("a token bound to a key was asked for, and a bearer token came")
        case ("dpop", false): throw misread("a token bound to a key came, and none was shown")
        default: throw misread("the token_type is neither Bearer nor DPoP")
        }
    }

    private static func text(_ value: JSONValue?, _ name: String) throws(TokenSourceError) -> String? {
        guard let value, value != .null else { return nil }
        guard let text = value.string else { throw misread("\(name) is not a string") }
        return text
    }
}

extension TokenAnswer {
    /// The text without the secrets, wherever they stand in it.
    static func hide(_ secrets: [Secret], in text: String) -> String {
        secrets.reduce(text) { text, secret in
            let secret = String(decoding: secret.bytes, as: UTF8.self)
            // What is shorter is no secret, and taking it out would tell where it stood.
            return secret.utf8.count < 4 ? text : text.replacing(secret, with: "Secret(…)")
        }
    }

    /// At most 512 characters, control characters as spaces: it goes into logs.
    static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(512).map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}

extension TokenAnswer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The status alone (canon 59).
    public var description: String { "answer with status \(status)" }
    /// As `description`.
    public var debugDescription: String { description }
    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
