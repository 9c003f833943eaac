import JOSE

@testable import TokenHTTP

/// The requests that most tests of pools make.
extension Harness {
    /// Makes tokens in a pool and gives their values.
    func generate(_ count: Int, _ path: String = "/tokens") async throws -> [String] {
        let reply = try await ask("POST", path + "/generate", body: #"{"count":\#(count)}"#)
        guard let tokens = reply.json?["tokens"]?.array else { throw HarnessError.noAnswer(reply.head + reply.body) }
        return tokens.compactMap(\.string)
    }

    /// Takes one token out.
    func assign(_ path: String = "/tokens") async throws -> (token: String, lease: Int64) {
        let reply = try await ask("POST", path + "/assign")
        guard let token = reply.json?["token"]?.string, let lease = reply.json?["lease"]?.integer else {
            throw HarnessError.noAnswer(reply.head + reply.body)
        }
        return (token, lease)
    }

    /// How a pool stands.
    func count(_ state: String, _ pool: String = "default") async throws -> Int64? {
        try await ask("GET", "/pools/\(pool)/stats").json?[state]?.integer
    }
}

extension WireReply {
    /// The object in the body.
    var json: JSONObject? { (try? JSONValue(parsing: Array(body.utf8)))?.object }
    /// The `error` member.
    var error: String? { json?["error"]?.string }
}
