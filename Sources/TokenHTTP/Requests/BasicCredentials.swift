import HTTPTypes
import TokenCore

/// A client's id and secret as RFC 6749 section 2.3.1 sends them: both form-url-encoded, joined by a colon, in base64 (canon 18, 19).
struct BasicCredentials {
    /// The client's id.
    let id: String
    /// Its secret.
    let secret: Secret

    /// Reads the one Authorization field.
    ///
    /// - Throws: `invalid_request` when there are several (RFC 6749 section 5.2); `invalid_client` when there is none, and for anything that
    ///   is not well-formed Basic.
    init(_ fields: HTTPFields) throws(OAuthError) {
        let refusal = OAuthError(.invalidClient, "Client authentication failed.", detail: "no well-formed Basic credentials")
        let values = fields[values: .authorization]
        guard values.count <= 1 else { throw OAuthError(.invalidRequest, "A request has at most one Authorization field.") }
        guard let value = values.first, value.prefix(6).lowercased() == "basic " else { throw refusal }
        guard let decoded = Base64.decode(Array(value.dropFirst(6).drop { $0 == " " }.utf8)),
            let colon = decoded.firstIndex(of: UInt8(ascii: ":")),
            let id = Self.formDecoded(decoded[..<colon]), let secret = Self.formDecoded(decoded[(colon + 1)...])
        else { throw refusal }
        self.id = id
        self.secret = Secret(Array(secret.utf8))
    }

    private static func formDecoded(_ bytes: ArraySlice<UInt8>) -> String? {
        String(validating: bytes, as: UTF8.self).flatMap { FormText.decode($0) }
    }
}

/// Base64 with padding, in its one canonical spelling (RFC 4648 section 4).
enum Base64 {
    /// The bytes; nil for anything else than the canonical spelling.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard !text.isEmpty, text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        let digits = text.dropLast(padding)
        for (index, character) in digits.enumerated() {
            guard let value = value(of: character) else { return nil }
            group = group << 6 | UInt32(value)
            if index % 4 == 3 { bytes += [UInt8(group >> 16 & 255), UInt8(group >> 8 & 255), UInt8(group & 255)] }
        }
        switch digits.count % 4 {
        case 0: return bytes
        case 3: return group & 3 == 0 ? bytes + [UInt8(group >> 10 & 255), UInt8(group >> 2 & 255)] : nil
        case 2: return group & 15 == 0 ? bytes + [UInt8(group >> 4 & 255)] : nil
        default: return nil
        }
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
