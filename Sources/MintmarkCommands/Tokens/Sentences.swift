import FoundationEssentials
import JOSE

/// Why a token was refused, in words.
enum Sentences {
    /// The name of a rule as the token spells it.
    static func name(of rule: JWTRule) -> String {
        switch rule {
        case .type: "typ"
        case .issuer: "iss"
        case .subject: "sub"
        case .audience: "aud"
        case .expiry: "exp"
        case .notBefore: "nbf"
        case .issuedAt: "iat"
        }
    }

    /// - Parameter now: seconds since 1970, at which the token was judged.
    static func of(_ refusal: JWTRefusal, now: Int64) -> String {
        switch refusal {
        case .wrongType: "The typ of the header is not the one asked for."
        case .wrongIssuer: "The issuer is not the one asked for, byte for byte."
        case .noSubject: "There is no subject."
        case .wrongAudience: "The token is not meant for the audience asked for."
        case .malformedAudience: "The audience is neither a text nor a list of texts, or is empty."
        case .noExpiry: "There is no exp: a token that never ends is not accepted."
        case .expired(let end): "It ended at \(time(end)), \(now - end) s ago."
        case .notYetValid(let start): "It begins at \(time(start)), in \(start - now) s."
        case .issuedInTheFuture(let birth): "It says it was issued at \(time(birth)), in \(birth - now) s."
        case .malformedDate(let rule): "\(name(of: rule)) is not a number of seconds since 1970."
        }
    }

    static func of(_ error: JOSEError) -> String {
        switch error {
        case .malformedBase64URL: "A part is not canonical base64url."
        case .malformedJSON(let reason): "A part is not strict JSON: \(of(reason))."
        case .notCompact: "It is not three parts with two dots between them."
        case .tooLarge(let limit): "It has more than \(limit) bytes."
        case .malformedHeader(""): "The header is not a JSON object."
        case .malformedHeader(let name): "The header's \(name) is missing, too long or not a text."
        case .malformedClaims: "The payload is not a JSON object."
        case .criticalHeader: "The header has crit: no extension is understood here."
        case .algorithmMismatch(let key): "The key is for \(key.rawValue), and the key decides; the header names another algorithm."
        case .invalidSignature: "The signature is not this key's over these bytes: another key signed, or something was changed."
        case .unsupportedAlgorithm(let algorithm): "\(algorithm.rawValue) cannot do that."
        case .unsupportedKey: "The key is of a kind that is not known here."
        case .malformedKey(let member): "The key's \(member) is missing or wrong."
        case .weakKey: "The key is too short."
        case .privateMember: "The key set gives away a private key."
        case .notForSignatures: "The key is not for signatures."
        case .algorithmNotStated: "The key does not say which algorithm it is for, and the header's is not one of its own."
        case .duplicateKeyID: "Two keys of the set have the same kid."
        case .signingFailed: "Signing failed."
        case .leewayOutOfRange: "The leeway is not in 0-60 s."
        }
    }

    /// The end of a sentence about a text that is not strict JSON.
    static func of(_ error: JSONError) -> String {
        switch error {
        case .syntax(let offset): "it breaks off, or something does not belong there, at byte \(offset)"
        case .duplicateMember(let offset): "a member stands twice, the second time at byte \(offset)"
        case .tooDeep(let limit): "it nests deeper than \(limit) levels"
        case .tooLarge(let limit): "it has more than \(limit) bytes"
        case .invalidUnicode(let offset): "a text at byte \(offset) is not Unicode"
        case .numberOutOfRange(let offset): "a number at byte \(offset) is out of range"
        case .trailingBytes(let offset): "something follows the value at byte \(offset)"
        }
    }

    /// A time as people and programs write it (RFC 3339).
    static func time(_ seconds: Int64) -> String { Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601) }
}
