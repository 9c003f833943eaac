import HTTPTypes
import TokenCore

/// One thing that can be asked for: a method, a path and the answer. A new one is a file with a type like this and a line in a `Routes` table.
protocol Endpoint: Sendable {
    /// The method; GET stands for HEAD too.
    static var method: HTTPRequest.Method { get }
    /// The path. One segment may be a place in braces, such as `/sessions/{id}`; also the label in metrics.
    static var path: String { get }

    /// Answers a request.
    ///
    /// - Throws: what `Replies` turns into a refusal.
    func answer(_ request: Incoming) async throws(OAuthError) -> Reply
}

/// The endpoints of one listener.
struct Routes: Sendable {
    /// Those whose path is one text, by it.
    private let plain: [String: [any Endpoint]]
    /// Those with a place in their path, taken apart.
    private let patterns: [(endpoint: any Endpoint, segments: [Substring])]
    private let hasStreams: Bool

    init(_ endpoints: [any Endpoint]) {
        hasStreams = endpoints.contains { $0 is any StreamedEndpoint }
        patterns = endpoints.filter { type(of: $0).path.contains("{") }.map { ($0, Self.segments(type(of: $0).path)) }
        plain = Dictionary(grouping: endpoints.filter { !type(of: $0).path.contains("{") }) { type(of: $0).path }
    }

    /// Whether a request's body is read by its endpoint, piece by piece.
    func streams(_ method: HTTPRequest.Method, _ target: String) -> Bool {
        guard hasStreams, case .endpoint(let endpoint, _) = match(method, String(target.prefix { $0 != "?" })) else { return false }
        return endpoint is any StreamedEndpoint
    }

    /// What a method and a path lead to.
    enum Match {
        /// This endpoint, with what stands in the place of the braces.
        case endpoint(any Endpoint, parameter: String)
        /// The path is known; these are its methods.
        case otherMethod(path: String, allow: [String])
        /// The path is unknown.
        case nothing
    }

    /// Finds the endpoint.
    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        if let known = plain[path] { return Self.choose(method, known.map { ($0, "") }) }
        let given = Self.segments(path)
        return Self.choose(
            method, patterns.compactMap { pattern in Self.parameter(of: given, in: pattern.segments).map { (pattern.endpoint, $0) } })
    }

    /// The endpoint of that method among those of a path.
    private static func choose(_ method: HTTPRequest.Method, _ endpoints: [(endpoint: any Endpoint, parameter: String)]) -> Match {
        guard let last = endpoints.last else { return .nothing }
        var allow: [String] = []
        for (endpoint, parameter) in endpoints {
            let type = type(of: endpoint)
            if type.method == method || (type.method == .get && method == .head) { return .endpoint(endpoint, parameter: parameter) }
            allow += type.method == .get ? ["GET", "HEAD"] : [type.method.rawValue]
        }
        return .otherMethod(path: type(of: last.endpoint).path, allow: allow.sorted())
    }

    private static func segments(_ path: String) -> [Substring] { path.split(separator: "/", omittingEmptySubsequences: false) }

    /// What stands in the place of the braces; nil when the path is another one.
    private static func parameter(of given: [Substring], in wanted: [Substring]) -> String? {
        guard given.count == wanted.count else { return nil }
        var parameter = ""
        for (given, wanted) in zip(given, wanted) {
            if wanted.hasPrefix("{") {
                guard !given.isEmpty, !given.contains("%") else { return nil }
                parameter = String(given)
            } else if given != wanted {
                return nil
            }
        }
        return parameter
    }
}
