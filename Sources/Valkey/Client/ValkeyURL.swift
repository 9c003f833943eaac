/// Where the servers are and who we are there, as one line:
/// `valkey://user:password@host:6379/2`, `valkeys://` with TLS, `valkey://a,b,c` or `valkey://a?cluster=true` for a cluster.
///
/// `redis` and `rediss` mean the same as `valkey` and `valkeys`. User and password are percent-encoded where they hold what has a meaning in URLs.
public struct ValkeyURL: Sendable, Hashable {
    /// At least one; several are nodes of one cluster.
    public let addresses: [ValkeyServerAddress]
    /// Whether connections are encrypted.
    public let usesTLS: Bool
    /// Whether the servers are a cluster.
    public let isCluster: Bool
    /// Nil: none is named.
    public let authentication: ValkeyClientConfiguration.Authentication?
    /// 0 where none is named.
    public let databaseNumber: Int

    /// Why a text is no such line. It never holds the password.
    public enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// The scheme is none of the four.
        case scheme(String)
        /// There is no host, or an empty one between commas.
        case noHost
        /// What stands after a colon is no port.
        case port(String)
        /// What stands in brackets is not closed, or is followed by something else.
        case brackets
        /// A percent sign without two hexadecimal digits, or bytes that are no text.
        case encoding
        /// A password is empty, or a user stands without one.
        case noPassword
        /// What stands after the slash is no database.
        case database(String)
        /// A cluster has database 0 alone.
        case databaseInCluster(Int)
        /// A parameter that nobody knows.
        case parameter(String)
        /// A parameter whose value is neither `true` nor `false`.
        case value(parameter: String, String)
        /// Several hosts that are said to be no cluster.
        case severalHosts

        /// One sentence.
        public var description: String {
            switch self {
            case .scheme(let scheme): "'\(scheme)' is not one of valkey, valkeys, redis and rediss."
            case .noHost: "A host is missing."
            case .port(let port): "'\(port)' is not a port; it is a number from 1 to 65535."
            case .brackets: "An IPv6 address stands in brackets: [::1]:6379."
            case .encoding: "A percent sign is not followed by two hexadecimal digits, or they do not spell a text."
            case .noPassword: "A user needs a password: user:password@host, or :password@host for the default user."
            case .database(let name): "'\(name)' is not a database; it is a number such as /0."
            case .databaseInCluster(let number): "A cluster has no database \(number), only 0."
            case .parameter(let name): "'\(name)' is not a parameter; there is 'cluster'."
            case .value(let name, let value): "'\(value)' is neither true nor false, which '\(name)' can be."
            case .severalHosts: "Several hosts are the nodes of a cluster; cluster=false contradicts that."
            }
        }
    }

    /// Reads a line.
    public init(_ text: String) throws(Problem) {
        guard let colon = text.firstRange(of: "://") else { throw .scheme(String(text.prefix { $0.isLetter })) }
        let scheme = text[..<colon.lowerBound].lowercased()
        guard ["valkey", "valkeys", "redis", "rediss"].contains(scheme) else { throw .scheme(scheme) }
        usesTLS = scheme == "valkeys" || scheme == "rediss"
        let rest = text[colon.upperBound...].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let place = rest[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let isCluster = try Self.isCluster(rest.count > 1 ? rest[1] : "")
        let at = place[0].lastIndex(of: "@")
        authentication = try at.map { (at) throws(Problem) in try Self.authentication(place[0][..<at]) } ?? nil
        addresses = try Self.addresses(at.map { place[0][place[0].index(after: $0)...] } ?? place[0])
        databaseNumber = try Self.database(place.count > 1 ? place[1] : "")
        self.isCluster = isCluster ?? (addresses.count > 1)
        guard self.isCluster || addresses.count == 1 else { throw .severalHosts }
        guard !self.isCluster || databaseNumber == 0 else { throw .databaseInCluster(databaseNumber) }
    }

    private static func addresses(_ text: Substring) throws(Problem) -> [ValkeyServerAddress] {
        var addresses: [ValkeyServerAddress] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) { addresses.append(try address(part)) }
        return addresses
    }

    private static func address(_ text: Substring) throws(Problem) -> ValkeyServerAddress {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw .brackets }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw .brackets }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            guard port?.contains(":") != true else { throw .brackets }
        }
        guard !host.isEmpty else { throw .noHost }
        guard let port else { return .hostname(String(host)) }
        guard let number = number(port), (1...65535).contains(number) else { throw .port(String(port)) }
        return .hostname(String(host), port: number)
    }

    private static func authentication(_ text: Substring) throws(Problem) -> ValkeyClientConfiguration.Authentication {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else { throw .noPassword }
        let (user, password) = (try decoded(parts[0]), try decoded(parts[1]))
        return user.isEmpty ? .init(password: password) : .init(username: user, password: password)
    }

    private static func database(_ text: Substring) throws(Problem) -> Int {
        if text.isEmpty { return 0 }
        guard let number = number(text) else { throw .database(String(text)) }
        return number
    }

    /// Nil: nothing is said about it.
    private static func isCluster(_ query: Substring) throws(Problem) -> Bool? {
        var result: Bool?
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts[0] == "cluster" else { throw .parameter(String(parts[0])) }
            guard parts.count == 2, let value = Bool(String(parts[1])) else {
                throw .value(parameter: "cluster", parts.count == 2 ? String(parts[1]) : "")
            }
            result = value
        }
        return result
    }

    /// Digits alone, at most five.
    private static func number(_ text: Substring) -> Int? {
        (1...5).contains(text.count) && text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
    }

    private static func decoded(_ text: Substring) throws(Problem) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, !digits.contains(UInt8(ascii: "+")), !digits.contains(UInt8(ascii: "-")),
                let value = UInt8(String(Substring(digits)), radix: 16)
            else { throw .encoding }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let string = String(validating: bytes, as: UTF8.self) else { throw .encoding }
        return string
    }
}
