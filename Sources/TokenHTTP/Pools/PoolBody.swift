import JOSE
import TokenCore
import TokenEngine

/// What the bodies of pool verbs say, each member with the type it must have.
struct PoolBody {
    private let body: JSONBody?

    /// Reads a body that must be there.
    ///
    /// - Throws: as `JSONBody`.
    init(_ request: Incoming) throws(OAuthError) { body = try JSONBody(request) }

    /// Reads a body that may be missing.
    init(optional request: Incoming) throws(OAuthError) { body = request.body.isEmpty ? nil : try JSONBody(request) }

    /// A member of any type; nil when it is missing.
    subscript(name: String) -> JSONValue? { body?[name] }

    /// The token that is spoken of.
    func token() throws(OAuthError) -> Secret {
        guard let token = try optionalToken() else { throw OAuthError(.invalidRequest, "The body lacks a member: token.") }
        return token
    }

    /// The token that is spoken of, by its value or by the id that lists show.
    func reference() throws(OAuthError) -> TokenReference {
        guard let text = try body?.optionalString("id") else { return .value(try token()) }
        guard self["token"] == nil else { throw OAuthError(.invalidRequest, "A token is named by its value or by its id, not by both.") }
        guard let id = PooledTokenID(hex: text) else { throw OAuthError(.invalidRequest, "id must be 32 hexadecimal digits.") }
        return .id(id)
    }

    private func optionalToken() throws(OAuthError) -> Secret? {
        guard let text = try body?.optionalString("token") else { return nil }
        guard !text.isEmpty else { throw OAuthError(.invalidRequest, "This member must not be empty: token.") }
        return Secret(Array(text.utf8))
    }

    /// The lease that the caller believes to have.
    func lease() throws(OAuthError) -> LeaseNumber? {
        guard let value = self["lease"] else { return nil }
        guard case .integer(let number) = value, number > 0 else { throw OAuthError(.invalidRequest, "lease must be a positive integer.") }
        return LeaseNumber(number)
    }

    /// Under which name a token is held.
    func holder(default name: PoolHolder) throws(OAuthError) -> PoolHolder {
        guard let text = try body?.optionalString("holder") else { return name }
        let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard (1...255).contains(text.utf8.count), isPlain else {
            throw OAuthError(.invalidRequest, "holder must be 1 to 255 bytes without control characters.")
        }
        return text
    }

    /// A count; nil when it is missing.
    ///
    /// - Throws: `invalid_request` for what is no integer, `out_of_bounds` for one that is none of `bounds`.
    func count(_ name: String = "count", in bounds: ClosedRange<Int>) throws(OAuthError) -> Int? {
        guard let value = self[name] else { return nil }
        switch value {
        case .integer(let number):
            if let count = Int(exactly: number), bounds.contains(count) { return count }
        case .number(let number) where number.text.utf8.allSatisfy({ $0 == 0x2d || (0x30...0x39).contains($0) }): break
        default: throw OAuthError(.invalidRequest, "A count must be an integer.")
        }
        throw OAuthError(.outOfBounds, "The count is beyond its bounds.")
    }

    /// A count that must be there.
    func requiredCount(_ name: String = "count", in bounds: ClosedRange<Int>) throws(OAuthError) -> Int {
        guard let count = try count(name, in: bounds) else { throw OAuthError(.invalidRequest, "The body lacks a member: count.") }
        return count
    }
}

/// How long somebody waits: whole seconds, or a number with `ms`, `s` or `m`.
enum WaitTime {
    /// The longest: what stands between a caller and this server gives silent connections up after a minute or little more.
    static let longest = Duration.seconds(60)

    /// The time that the query or the body names; nil when neither does.
    ///
    /// - Throws: `invalid_request` for what is no time or is named twice, `out_of_bounds` for more than a minute.
    static func of(_ query: Query, _ body: PoolBody) throws(OAuthError) -> Duration? {
        switch (query["wait"], body["wait"]) {
        case (nil, nil): return nil
        case (let text?, nil): return try read(text)
        case (nil, .string(let text)?): return try read(text)
        case (nil, .integer(let seconds)?): return try read(String(seconds))
        case (nil, _?): throw malformed
        case (_?, _?): throw OAuthError(.invalidRequest, "wait stands in the query and in the body.")
        }
    }

    /// The time that a query names; nil when it names none.
    ///
    /// - Throws: as `of(_:_:)`.
    static func of(_ query: Query) throws(OAuthError) -> Duration? { try query["wait"].map { text throws(OAuthError) in try read(text) } }

    private static var malformed: OAuthError { OAuthError(.invalidRequest, "wait must be a time such as 10s, 500ms or 1m.") }

    private static func read(_ text: String) throws(OAuthError) -> Duration {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard (1...9).contains(digits.utf8.count), let number = Int64(digits) else { throw malformed }
        let duration: Duration
        switch text.dropFirst(digits.count) {
        case "ms": duration = .milliseconds(number)
        case "", "s": duration = .seconds(number)
        case "m": duration = .seconds(number * 60)
        default: throw malformed
        }
        guard duration <= longest else { throw OAuthError(.outOfBounds, "Nobody waits for more than a minute.") }
        return duration
    }
}

extension PooledTokenID {
    /// The id of 32 hexadecimal digits; nil for anything else.
    init?(hex text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: 32, by: 2) {
            guard let high = Self.value(digits[start]), let low = Self.value(digits[start + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.init(bytes)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
