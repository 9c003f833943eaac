import JOSE
import LoopbackServer
import TokenClient
import TokenCore
import TokenTransport

/// What tests say to one another about a token endpoint on loopback.
extension LoopbackServer {
    var tokenURL: String { "http://127.0.0.1:\(port)/token" }

    /// The forms that came, one after the other.
    var forms: [[String: [String]]] { requests.map { parseForm($0.body) } }
}

extension LoopbackServer.Answer {
    static func json(_ status: Int, _ body: String, headers: [(String, String)] = []) -> LoopbackServer.Answer {
        .init(status, body, headers: [("Content-Type", "application/json")] + headers)
    }

    static func token(_ value: String = "at-1", expiresIn: Int = 3600, more: String = "") -> LoopbackServer.Answer {
        .json(200, #"{"access_token":"\#(value)","token_type":"Bearer","expires_in":\#(expiresIn)\#(more)}"#)
    }
}

/// Reads a form as a server does: independent of the code under test.
func parseForm(_ body: [UInt8]) -> [String: [String]] {
    func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
    let pairs = String(decoding: body, as: UTF8.self).split(separator: "&").map { pair in
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (decode(parts[0]), parts.count > 1 ? decode(parts[1]) : "")
    }
    return Dictionary(grouping: pairs, by: \.0).mapValues { $0.map(\.1) }
}

extension Secret {
    init(text: String) { self.init(Array(text.utf8)) }
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension TokenSource {
    /// One fetch, as a manager does it.
    func fetchOnce(within timeout: Duration = .seconds(10)) async throws(TokenSourceError) -> IssuedToken {
        try await fetch(TokenFetch(name: "test", timeout: timeout))
    }
}
