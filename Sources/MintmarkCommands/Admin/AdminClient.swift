import FoundationEssentials
import JOSE
import TokenCore
import TokenTransport

/// Calls the admin API of a running server.
struct AdminClient: Sendable {
    let address: WebURL
    /// Nil where none is sent.
    let credential: Secret?
    /// A person waits for the answer; a revocation may take an fsync and every event loop.
    static let policy = FetchPolicy(reach: .anywhere, deadline: .seconds(30), largestBody: 4 * 1024 * 1024, redirects: 0)

    /// Sends one request.
    ///
    /// - Parameters:
    ///   - path: its segments; each is escaped here.
    ///   - query: names and values; escaped here.
    ///   - body: the members of a JSON object.
    /// - Returns: the object of the answer.
    /// - Throws: with the status a script needs: refused, not permitted, unavailable or failed.
    func call(
        _ method: String, _ path: [String], query: [(String, String)] = [], body: [(String, JSONValue)]? = nil
    ) async throws(CommandFailure) -> JSONObject {
        try await send { () throws(TransportError) in try request(method, path, query, body) }
    }

    /// Sends lines of JSON.
    ///
    /// - Throws: as `call`.
    func send(lines: [UInt8], to path: [String]) async throws(CommandFailure) -> JSONObject {
        try await send { () throws(TransportError) in
            var request = try request("POST", path, [], nil)
            request.headers.append(("Content-Type", "application/x-ndjson"))
            request.body = lines
            return request
        }
    }

    private func send(_ request: () throws(TransportError) -> FetchRequest) async throws(CommandFailure) -> JSONObject {
        let response: FetchResponse
        do {
            response = try await Fetcher().send(request(), policy: Self.policy)
        } catch {
            throw CommandFailure(.unavailable, "the server at \(address.host):\(address.port) does not answer: \(error)")
        }
        return try Self.answer(response.status, response.body)
    }

    /// The object of an answer.
    ///
    /// - Throws: as `call`.
    static func answer(_ status: Int, _ body: [UInt8]) throws(CommandFailure) -> JSONObject {
        let answer = try? JSONValue(parsing: body, limits: JSONLimits(bytes: policy.largestBody)).object
        guard (200..<300).contains(status) else { throw refusal(status, answer) }
        guard let answer else { throw CommandFailure(.failed, "the server answered with something that is not a JSON object.") }
        return answer
    }

    private func request(
        _ method: String, _ path: [String], _ query: [(String, String)], _ body: [(String, JSONValue)]?
    ) throws(TransportError) -> FetchRequest {
        let names = query.map { "\(Self.escaped($0.0))=\(Self.escaped($0.1))" }.joined(separator: "&")
        let target = "/" + path.map(Self.escaped).joined(separator: "/") + (names.isEmpty ? "" : "?" + names)
        var headers = [("Accept", "application/json")]
        if let credential { headers.append(("Authorization", "Bearer " + String(decoding: credential.bytes, as: UTF8.self))) }
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return FetchRequest(try address.at(target), method: method, headers: headers, body: body.map(Self.json))
    }

    /// An object of these members.
    static func json(_ members: [(String, JSONValue)]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in for (name, value) in members { writer.member(name, value) } }
        return writer.bytes
    }

    private static func refusal(_ status: Int, _ answer: JSONObject?) -> CommandFailure {
        let said = answer?["error_description"]?.string ?? answer?["error"]?.string ?? "no reason given (status \(status))"
        return switch status {
        case 401, 403: CommandFailure(.notPermitted, "the server does not accept the credential: \(said)")
        case 400, 404, 409, 422: CommandFailure(.refused, said)
        case 429, 503: CommandFailure(.unavailable, "the server cannot do it now: \(said)")
        default: CommandFailure(.failed, "the server failed: \(said)")
        }
    }

    /// Percent-encoding of everything but unreserved characters (RFC 3986 section 2.3).
    static func escaped(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) { return String(character) }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}

extension WebURL {
    /// The same server, another target.
    fileprivate func at(_ target: String) throws(TransportError) -> WebURL { try WebURL(origin + target) }
}
