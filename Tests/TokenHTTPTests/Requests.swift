import TokenCore
import TokenEngine

@testable import TokenHTTP

/// The requests of these tests as text, and the few answers that most of them need.
extension Harness {
    /// A request with a Host, and with a body where there is one.
    static func request(_ method: String, _ target: String, _ fields: [String] = [], body: String? = nil) -> String {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        for field in fields { text += field + "\r\n" }
        if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body } else { text += "\r\n" }
        return text
    }

    /// Asks the public listener on a connection of its own.
    func ask(_ method: String, _ target: String, _ fields: [String] = [], body: String? = nil) async throws -> WireReply {
        try await Wire.ask(ports.main, Self.request(method, target, fields, body: body))
    }

    /// Asks the admin listener with the credential.
    func administer(_ method: String, _ target: String, body: String? = nil) async throws -> WireReply {
        try await Wire.ask(ports.admin, Self.request(method, target, ["Authorization: Bearer \(Self.adminToken)"], body: body))
    }

    /// A fresh pair.
    func login(_ body: String = #"{"user_id":1}"#) async throws -> (access: String, refresh: String, session: String) {
        let reply = try await ask("POST", "/login", body: body)
        guard let access = reply.member("access"), let refresh = reply.member("refresh"), let session = reply.member("session_id") else {
            throw HarnessError.noAnswer(reply.head + reply.body)
        }
        return (access, refresh, session)
    }

    /// The field that carries a client's credentials.
    static func basic(_ client: ClientCredentials) -> String {
        "Authorization: Basic " + base64(client.id.text + ":" + String(decoding: client.secret.bytes, as: UTF8.self))
    }

    private static func base64(_ text: String) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var (out, bits, count) = ("", 0, 0)
        for byte in text.utf8 {
            (bits, count) = (bits << 8 | Int(byte), count + 8)
            while count >= 6 {
                count -= 6
                out.append(digits[bits >> count & 63])
            }
        }
        if count > 0 { out.append(digits[bits << (6 - count) & 63]) }
        return out + String(repeating: "=", count: (4 - out.count % 4) % 4)
    }

    /// The field that carries a token.
    static func bearer(_ token: String) -> String { "Authorization: Bearer \(token)" }
}
