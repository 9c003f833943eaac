import HTTPTypes
import TokenCore

/// One thing that can be asked for: a method, a path and the answer. A new one is a file with a type like this and a line in a `Routes` table.
protocol Endpoint: Sendable {
    /// The method; GET stands for HEAD too.
    static var method: HTTPRequest.Method { get }
    /// The path. Its last segment may be a place in braces, such as `/sessions/{id}`; also the label in metrics.
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
    /// Those with a place in their path.
    private let patterns: [any Endpoint]

    init(_ endpoints: [any Endpoint]) {
        patterns = endpoints.filter { type(of: $0).path.contains("{") }
        plain = Dictionary(grouping: endpoints.filter { !type(of: $0).path.contains("{") }) { type(of: $0).path }
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
        var allow: [String] = []
        var route = ""
        let known = plain[path]
        for endpoint in known ?? patterns {
            let type = type(of: endpoint)
            guard let parameter = known == nil ? Self.parameter(of: path, in: type.path) : "" else { continue }
            if type.method == method || (type.method == .get && method == .head) { return .endpoint(endpoint, parameter: parameter) }
            route = type.path
            allow += type.method == .get ? ["GET", "HEAD"] : [type.method.rawValue]
        }
        return allow.isEmpty ? .nothing : .otherMethod(path: route, allow: allow.sorted())
    }

    /// What stands in the place of the braces; nil when the path is another one.
    private static func parameter(of path: String, in pattern: String) -> String? {
        let given = path.split(separator: "/", omittingEmptySubsequences: false)
        let wanted = pattern.split(separator: "/", omittingEmptySubsequences: false)
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
