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
    /// Those with a place in their path, by what stands before it and then by what stands after it.
    private let patterns: [(prefix: [UInt8], endpoints: [String: [any Endpoint]])]
    /// Those of them that read bodies themselves.
    private let streamed: [(method: HTTPRequest.Method, pattern: PathPattern)]

    init(_ endpoints: [any Endpoint]) {
        let placed = endpoints.compactMap { endpoint in PathPattern(type(of: endpoint).path).map { (endpoint: endpoint, pattern: $0) } }
        patterns = Dictionary(grouping: placed, by: \.pattern.prefix).map { prefix, placed in
            (prefix, Dictionary(grouping: placed) { String(decoding: $0.pattern.suffix, as: UTF8.self) }.mapValues { $0.map(\.endpoint) })
        }
        streamed = placed.filter { $0.endpoint is any StreamedEndpoint }.map { (type(of: $0.endpoint).method, $0.pattern) }
        let isFound = endpoints.allSatisfy { !($0 is any StreamedEndpoint) || PathPattern(type(of: $0).path) != nil }
        precondition(isFound, "an endpoint that reads its body has a path without a place, where it is not looked for")
        plain = Dictionary(grouping: endpoints.filter { PathPattern(type(of: $0).path) == nil }) { type(of: $0).path }
    }

    /// Whether a request's body is read by its endpoint, piece by piece.
    func streams(_ method: HTTPRequest.Method, _ target: String) -> Bool {
        streamed.contains { $0.method == method && $0.pattern.parameter(in: target.utf8.prefix { $0 != UInt8(ascii: "?") }) != nil }
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
        var found: [(endpoint: any Endpoint, parameter: String)] = []
        for (prefix, endpoints) in patterns where path.utf8.starts(with: prefix) {
            let rest = path.utf8.dropFirst(prefix.count)
            let place = rest.prefix { $0 != UInt8(ascii: "/") }
            guard let parameter = PathPattern.parameter(place) else { continue }
            found += (endpoints[String(Substring(rest[place.endIndex...]))] ?? []).map { ($0, parameter) }
        }
        return Self.choose(method, found)
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
}

/// A path with one segment that may be anything.
private struct PathPattern: Sendable {
    let prefix, suffix: [UInt8]

    /// - Returns: nil for a path that is one text.
    init?(_ path: String) {
        guard let open = path.firstIndex(of: "{"), let close = path.firstIndex(of: "}") else { return nil }
        prefix = Array(path[..<open].utf8)
        suffix = Array(path[path.index(after: close)...].utf8)
    }

    /// What stands in the place of the braces; nil when the path is another one.
    func parameter(in path: Substring.UTF8View) -> String? {
        guard path.count > prefix.count + suffix.count, path.starts(with: prefix), path.suffix(suffix.count).elementsEqual(suffix) else { return nil }
        return Self.parameter(path.dropFirst(prefix.count).dropLast(suffix.count))
    }

    /// A segment as a parameter: not empty, one segment only, and without an escape, which no path here needs.
    static func parameter(_ segment: Substring.UTF8View) -> String? {
        guard !segment.isEmpty, !segment.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }) else { return nil }
        return String(Substring(segment))
    }
}
