/// Which `typ` a verifier accepts. Explicit types keep one kind of token from being taken for another (RFC 8725 section 3.11).
public enum TokenType: Sendable, Hashable, ExpressibleByStringLiteral {
    /// This media type, such as `at+jwt`; case and an `application/` before it make no difference (RFC 7515 section 4.1.9).
    case exactly(String)
    /// A token that says nothing of its kind: no `typ`, or `JWT`.
    case untyped
    /// Whatever it says; for showing a token, never for acting on it.
    case any

    /// A literal is an exact type.
    public init(stringLiteral type: String) { self = .exactly(type) }

    /// Whether a header with this `typ` is of the accepted kind.
    public func accepts(_ type: String?) -> Bool {
        switch self {
        case .any: true
        case .untyped: type.map { Self.normalized($0) == Array("jwt".utf8) } ?? true
        case .exactly(let expected): type.map { Self.normalized($0) == Self.normalized(expected) } ?? false
        }
    }

    /// ASCII lower case, without `application/` where that is the only slash.
    private static func normalized(_ type: String) -> [UInt8] {
        let lower = type.utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        let prefix = Array("application/".utf8)
        guard lower.starts(with: prefix), !lower.dropFirst(prefix.count).contains(UInt8(ascii: "/")) else { return lower }
        return Array(lower.dropFirst(prefix.count))
    }

}
