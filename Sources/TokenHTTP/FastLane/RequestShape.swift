import NIOHTTP1

/// What a connection has to know of a request's head: one pass over its fields, without copying any.
struct RequestShape {
    /// The targets that have a way of their own.
    enum Target {
        /// `GET`: may be answered on the event loop.
        case authenticate, ping
        /// `GET` of a token of somebody else's: likewise.
        case upstreamToken
        /// `POST`: small and frequent, so read whole and answered without a stream.
        case login, refresh
        /// `POST`: a verb that workers call for a token of a pool, as small and as frequent.
        case pooledToken
        /// Everything else.
        case other
    }

    /// Why a request is refused by its head alone; the connection ends with it, because a proxy before us may have read it otherwise.
    enum Fault {
        /// The target is in absolute form and names another host than Host does (RFC 9112 section 3.2.2).
        case otherHost
        /// The body has a transfer coding besides chunked (RFC 9112 section 6.1).
        case transferCoding
    }

    /// What is asked for.
    private(set) var target = Target.other
    /// The value of the one Authorization field.
    private(set) var authorization: String?
    /// The connection ends with this request: it says so, or it is HTTP/1.0, which we do not keep alive, or what follows it might be another
    /// protocol: after CONNECT, and where another one is offered with Upgrade (RFC 9110 section 7.8), the codec reads nothing more.
    private(set) var closes: Bool
    /// The sender waits for a 100 before it sends the body (RFC 9110 section 10.1.1).
    private(set) var expectsContinue = false
    /// There is, or may be, a body.
    private(set) var hasBody = false
    /// The announced length of the body; nil when there is none or it cannot be read.
    private(set) var contentLength: Int?
    /// How many Host fields there are.
    private(set) var hosts = 0
    /// The last of them.
    private(set) var host = ""
    /// What is wrong with the head.
    private(set) var fault: Fault?
    private var isOrdinary: Bool
    /// The sender has an answer already and asks for a newer one.
    private var isConditional = false
    private var authorizations = 0
    private var hasCoding = false
    /// The host in the target, while no Host field has been seen that agrees with it.
    private var targetHost: Substring?

    init(_ head: HTTPRequestHead) {
        let isOld = head.version.major < 1 || (head.version.major == 1 && head.version.minor == 0)
        closes = isOld || head.method == .CONNECT
        isOrdinary = head.version == .http1_1
        isStreamed = head.method == .POST && head.uri.hasSuffix("/import") || head.uri.hasPrefix("/upstreams/") && ProxyTarget.isOne(head.uri)
        if isOrdinary { target = Self.target(head.method, head.uri) }
        if target == .other, head.method != .CONNECT { targetHost = Self.host(inTarget: head.uri) }
        for (name, value) in head.headers { note(name, value) }
        if targetHost != nil { fault = .otherHost }
    }

    /// Whether the event loop may answer: a plain GET of one of the three targets that asks for nothing special.
    var isFast: Bool {
        switch target {
        case .authenticate, .ping: isPlain && !hasBody && authorizations <= 1
        case .upstreamToken: isPlain && !hasBody && authorizations <= 1 && !isConditional
        case .login, .refresh, .pooledToken, .other: false
        }
    }

    /// Whether it is worth reading whole: a plain POST of one of these targets that says how long its body is, or has none.
    var isShort: Bool {
        switch target {
        case .login, .refresh, .pooledToken: isPlain && (contentLength != nil || !hasBody)
        case .authenticate, .ping, .upstreamToken, .other: false
        }
    }

    /// Whether its body may be long, and takes as long as it comes: as long as it goes on coming.
    let isStreamed: Bool

    /// It asks for nothing special.
    private var isPlain: Bool { isOrdinary && !closes && !expectsContinue && hosts == 1 }

    private static func target(_ method: HTTPMethod, _ uri: String) -> Target {
        switch (method, uri) {
        case (.GET, "/authenticate"): .authenticate
        case (.GET, "/ping"): .ping
        case (.POST, "/login"): .login
        case (.POST, "/refresh"): .refresh
        case (.GET, _) where uri.hasPrefix("/upstreams/") && uri.hasSuffix("/token"): .upstreamToken
        case (.POST, _) where isPooledToken(uri.utf8): .pooledToken
        default: .other
        }
    }

    /// Whether this is `/tokens/VERB` or `/pools/NAME/VERB` with a verb of workers, whatever the query.
    private static func isPooledToken(_ uri: String.UTF8View) -> Bool {
        guard uri.starts(with: "/tokens/".utf8) || uri.starts(with: "/pools/".utf8) else { return false }
        let path = uri.prefix { $0 != UInt8(ascii: "?") }
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return false }
        let verb = path[path.index(after: slash)...]
        return verbsOfWorkers.contains { verb.elementsEqual($0.utf8) }
    }

    private static let verbsOfWorkers = ["assign", "keep-alive", "unblock", "report"]

    /// What a target in absolute form has between `//` and the path; empty where it has no such thing, nil in every other form.
    private static func host(inTarget uri: String) -> Substring? {
        guard let first = uri.utf8.first, first != UInt8(ascii: "/"), first != UInt8(ascii: "*") else { return nil }
        let parts = uri.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty, ["http:", "https:"].contains(parts[0].lowercased()) else { return "" }
        return parts[2].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    }

    /// The length of the name is looked at first: most fields are dismissed by it.
    private mutating func note(_ name: String, _ value: String) {
        switch name.utf8.count {
        case 4:
            guard name.isField("host") else { return }
            hosts += 1
            host = value
            if let host = targetHost, !host.isEmpty, host.lowercased() == value.lowercased() { targetHost = nil }
        case 6:
            if name.isField("expect") {
                expectsContinue = value.isField("100-continue")
                isOrdinary = false
            }
        case 7: if name.isField("upgrade") { closes = true }
        case 10:
            guard name.isField("connection") else { return }
            if !value.isField("keep-alive") { isOrdinary = false }
            if value.namesToken("close") { closes = true }
        case 13:
            if name.isField("authorization") {
                authorizations += 1
                authorization = value
            } else if name.isField("if-none-match") {
                isConditional = true
            }
        case 14:
            guard name.isField("content-length") else { return }
            hasBody = true
            contentLength = Int(value)
        case 17:
            guard name.isField("transfer-encoding") else { return }
            // A second field would be a second coding.
            if hasCoding || !value.isField("chunked") { fault = .transferCoding }
            hasCoding = true
            hasBody = true
            isOrdinary = false
        default: break
        }
    }
}

extension String {
    /// Whether this is the same ASCII text whatever its case.
    ///
    /// - Parameter lower: in lower case.
    func isField(_ lower: StaticString) -> Bool {
        guard utf8.count == lower.utf8CodeUnitCount else { return false }
        return lower.withUTF8Buffer { lower in utf8.elementsEqual(lower) { Self.lowercase($0) == $1 } }
    }

    /// Whether this comma-separated list has the token, whatever its case (RFC 9110 section 7.6.1).
    func namesToken(_ lower: StaticString) -> Bool {
        split(separator: ",").contains { String($0.trimmingBlanks).isField(lower) }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}

extension Substring {
    /// Without blanks and tabs around it.
    var trimmingBlanks: Substring {
        var rest = self
        while let first = rest.utf8.first, first == 0x20 || first == 0x09 { rest.removeFirst() }
        while let last = rest.utf8.last, last == 0x20 || last == 0x09 { rest.removeLast() }
        return rest
    }
}
