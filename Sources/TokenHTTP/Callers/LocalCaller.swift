import HTTPTypes
import TokenCore

/// The rule that says whether a request comes from a program on this machine, and not from a web page in its browser, nor through a proxy on
/// it: the one meaning of "loopback" wherever Mintmark says it.
///
/// - The socket's other end is a loopback address. What a header says of the client's address is never asked.
/// - No header tells of a proxy.
/// - No header tells of a browser: browsers send Origin with every POST, and Sec-Fetch-Site with everything.
/// - Host is a name of this machine: a page whose own name was rebound to 127.0.0.1 still sends its own name (DNS rebinding).
/// - A body is application/json, which a page cannot send without being asked first (Fetch, CORS preflight).
struct LocalCaller: Sendable {
    /// Further networks whose members count, for instance the pod network. Host may then be any name, because the server is not called by
    /// a loopback name from there.
    let alsoFrom: [AddressRange]

    init(alsoFrom: [AddressRange] = []) { self.alsoFrom = alsoFrom }

    /// Why a request is not from here; nil when it is.
    enum Refusal: String, Sendable {
        case peer = "the other end of the socket is not allowed"
        case proxy = "a proxy passed the request on"
        case browser = "a web page made the request"
        case host = "Host is no name of this machine"
        case contentType = "the body is not application/json"

        /// What the caller is told: whoever set this up wrongly should see why.
        fileprivate var sentence: String {
            switch self {
            case .peer: "This may be called from this machine, or a network that is configured, only."
            case .proxy: "This may not be called through a proxy."
            case .browser: "This may not be called from a web page."
            case .host: "This may be called by a loopback name, such as localhost, only."
            case .contentType: "The body must be application/json."
            }
        }

        /// `access_denied` with what to do about it; `invalid_request` for another content type.
        var error: OAuthError { OAuthError(self == .contentType ? .invalidRequest : .accessDenied, sentence, detail: rawValue) }
    }

    /// Applies the rule to what is known of a call.
    func refusal(peer: IPAddress?, authority: String, fields: HTTPFields, hasBody: Bool) -> Refusal? {
        guard let peer else { return .peer }
        let isLoopback = peer.isLoopback
        guard isLoopback || alsoFrom.contains(where: { $0.contains(peer) }) else { return .peer }
        if fields.contains(where: { Self.tellsOfProxy($0.name.canonicalName) }) { return .proxy }
        if let refusal = Self.refusalOfPage(authority: isLoopback ? authority : nil, fields: fields) { return refusal }
        if hasBody, !JSONBody.isJSON(fields) { return .contentType }
        return nil
    }

    /// The part of the rule that keeps web pages out.
    ///
    /// - Parameter authority: what has to be a name of this machine; nil where the caller is elsewhere.
    static func refusalOfPage(authority: String?, fields: HTTPFields) -> Refusal? {
        if fields.contains(where: { tellsOfBrowser($0.name.canonicalName) }) { return .browser }
        if let authority, !LoopbackName.isOne(authority) { return .host }
        return nil
    }

    /// Applies the rule to a request.
    ///
    /// - Throws: `access_denied` with what to do about it; `invalid_request` for another content type.
    func check(_ request: Incoming) throws(OAuthError) {
        let refusal = refusal(
            peer: request.connection.peer, authority: request.authority, fields: request.fields, hasBody: !request.body.isEmpty)
        if let refusal { throw refusal.error }
    }

    /// - Parameter name: in lower case.
    static func tellsOfProxy(_ name: String) -> Bool {
        let name = name.utf8
        guard let first = name.first, proxyInitials.contains(first) else { return false }
        return proxyFields.contains { $0.utf8.count == name.count && begins(name, with: $0) }
            || begins(name, with: "x-forwarded-") || begins(name, with: "x-original-")
    }

    /// What proxies and the networks in front of them add, besides `X-Forwarded-…` and `X-Original-…`.
    private static let proxyFields = [
        "forwarded", "via", "x-forwarded", "forwarded-for", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip",
    ]
    /// What they begin with: few of the fields that a request carries do.
    private static let proxyInitials = Array("fvxtc".utf8)

    /// - Parameter name: in lower case.
    static func tellsOfBrowser(_ name: String) -> Bool {
        name == "origin" || name.hasPrefix("sec-fetch-")
    }

    /// Whether a field's name begins so. Where fields become variables, a name with underscores is the same name.
    private static func begins(_ name: String.UTF8View, with wanted: String) -> Bool {
        name.starts(with: wanted.utf8) { $0 == $1 || $0 == UInt8(ascii: "_") && $1 == UInt8(ascii: "-") }
    }
}
