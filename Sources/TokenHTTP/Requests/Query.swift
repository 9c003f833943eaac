import TokenCore

/// The members of a query, form-url-decoded (WHATWG URL 5.1), each name at most once.
struct Query: Sendable, Hashable {
    private var members: [String: String] = [:]

    /// Names under which a token might be sent. None is ever read from a query, because queries end up in logs (canon 54).
    private static let secretNames: Set<String> = ["access_token", "refresh_token", "id_token", "token", "access", "refresh", "client_secret"]

    /// Reads what follows the question mark.
    ///
    /// - Throws: `invalid_request` for what cannot be decoded, for a name that occurs twice, and for a token.
    init(_ text: Substring) throws(OAuthError) {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = FormText.decode(parts[0]), let value = parts.count > 1 ? FormText.decode(parts[1]) : "" else {
                throw OAuthError(.invalidRequest, "The query is malformed.")
            }
            if Self.secretNames.contains(name.lowercased()) { throw OAuthError(.invalidRequest, "A token may not be sent in the query.") }
            guard members.updateValue(value, forKey: name) == nil else { throw OAuthError(.invalidRequest, "The query names something twice.") }
        }
    }

    /// The value of a name; nil when it is missing.
    subscript(name: String) -> String? { members[name] }

    /// A switch: `true`, `false`, or missing for false.
    func flag(_ name: String) throws(OAuthError) -> Bool {
        switch self[name] {
        case nil, "false": false
        case "true": true
        default: throw OAuthError(.invalidRequest, "A switch in the query is neither true nor false.")
        }
    }

    /// A number inside bounds, or what holds without one.
    func number(_ name: String, in bounds: ClosedRange<Int>, default value: Int) throws(OAuthError) -> Int {
        guard let text = self[name] else { return value }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), bounds.contains(number) else {
            throw OAuthError(.invalidRequest, "A number in the query is malformed or out of bounds.")
        }
        return number
    }
}

/// Text as forms and queries write it: `+` for a space, `%` and two hex digits for any byte.
enum FormText {
    /// The text; nil when an escape is broken or the bytes are not UTF-8.
    static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexDigit), let low = rest.next().flatMap(hexDigit) else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
