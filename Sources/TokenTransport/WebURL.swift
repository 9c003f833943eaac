/// An absolute `http` or `https` URL in the one form that everybody reads alike (RFC 3986).
///
/// A guard against requests into private networks is worth nothing if it takes the host out of a URL differently from the
/// client that then connects. So only what is beyond doubt is accepted, and the text that is sent is put together again
/// from the parts that were checked.
public struct WebURL: Sendable, Hashable {
    /// True for `https`.
    public let isSecure: Bool
    /// A name of letters, digits, hyphens and dots in lower case, or an address without brackets.
    public let host: String
    /// As written, or that of the scheme.
    public let port: Int
    /// Begins with a slash; with the query, without a fragment.
    public let target: String

    /// The longest URL that is read, in bytes: more than any of a key set or a redirect needs.
    public static let longest = 2048

    /// Reads a URL.
    ///
    /// - Throws: `.url` for anything but a scheme of `http` or `https`, a host, an optional port and an optional target;
    ///   user information, a fragment, white space, backslashes and bytes beyond ASCII are refused.
    public init(_ text: String) throws(TransportError) { try self.init(text, longest: Self.longest) }

    init(_ text: String, longest: Int) throws(TransportError) {
        guard text.utf8.count <= longest, text.utf8.allSatisfy(Self.isPlain) else { throw .url(text) }
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["http", "https"].contains(parts[0].lowercased()) else { throw .url(text) }
        isSecure = parts[0].lowercased() == "https"
        let end = parts[1].firstIndex { "/?#".contains($0) } ?? parts[1].endIndex
        guard let (host, port) = Self.authority(parts[1][..<end]) else { throw .url(text) }
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        let rest = parts[1][end...]
        target = rest.hasPrefix("/") ? String(rest) : "/" + rest
    }

    /// The URL that a `Location` means (RFC 9110 section 10.2.2): absolute, or a path on the same host.
    func resolving(_ location: String, longest: Int = WebURL.longest) throws(TransportError) -> WebURL {
        if location.hasPrefix("/"), !location.hasPrefix("//") { return try WebURL(origin + location, longest: longest) }
        return try WebURL(location, longest: longest)
    }

    /// Scheme, host and port, without a slash at the end.
    public var origin: String {
        let authority = host.contains(":") ? "[\(host)]" : host
        return (isSecure ? "https://" : "http://") + authority + (port == (isSecure ? 443 : 80) ? "" : ":\(port)")
    }

    /// Printable ASCII without what has a second meaning somewhere.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"\"#<>\\^`{|}".utf8.contains(byte)
    }

    private static func authority(_ text: Substring) -> (host: String, port: Int?)? {
        guard text.hasPrefix("[") else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, isName(parts[0]) else { return nil }
            if parts.count == 1 { return (parts[0].lowercased(), nil) }
            return port(parts[1]).map { (parts[0].lowercased(), $0) }
        }
        guard let close = text.firstIndex(of: "]") else { return nil }
        let address = text[..<close].dropFirst().lowercased()
        let rest = text[close...].dropFirst()
        guard address.contains(":"), address.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        if rest.isEmpty { return (address, nil) }
        return rest.hasPrefix(":") ? port(rest.dropFirst()).map { (address, $0) } : nil
    }

    private static func isName(_ text: Substring) -> Bool {
        (1...253).contains(text.utf8.count) && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }
            && !text.hasPrefix("-") && !text.hasPrefix(".")
    }

    private static func port(_ text: Substring) -> Int? {
        guard let number = UInt16(text), number > 0, String(number) == text else { return nil }
        return Int(number)
    }
}

extension WebURL: CustomStringConvertible {
    /// The whole URL, as it is sent.
    public var description: String { origin + target }
}
