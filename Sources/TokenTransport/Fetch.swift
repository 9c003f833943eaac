/// One request.
public struct FetchRequest: Sendable {
    /// `GET`, `POST`, …
    public var method: String
    /// Where to.
    public var url: WebURL
    /// In their order. They are not sent on to another host by a redirect.
    public var headers: [(name: String, value: String)]
    /// Nil: none.
    public var body: [UInt8]?
    /// What is shown and believed when a secure connection is made; nil: nothing of our own, and the system's roots.
    public var tls: FetchTLS?

    /// - Parameters:
    ///   - method: `GET` by default; only its redirects are followed.
    ///   - headers: `Host` and `Content-Length` are set by the client.
    public init(
        _ url: WebURL, method: String = "GET", headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        tls: FetchTLS? = nil
    ) {
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
        self.tls = tls
    }
}

/// One answer, whatever its status.
public struct FetchResponse: Sendable {
    /// 200, 404, …
    public let status: Int
    /// The first value of each header, by its name in lower case.
    public let headers: [String: String]
    /// At most as long as the policy allows.
    public let body: [UInt8]
    /// Where it came from, after redirects.
    public let url: WebURL
}
