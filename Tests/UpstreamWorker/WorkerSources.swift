import Dispatch
import TokenClient
import TokenCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Tokens of the proofs' authorization server, for the client itself.
struct PlainSource: TokenSource {
    let port: Int

    var identity: TokenIdentity { TokenIdentity(issuer: "proof", client: "worker", grant: "client_credentials") }

    func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        let answer = try await Wire.ask(port, "client \(getpid())", steps: nil)
        return try Wire.read(answer).token
    }
}

/// Tokens of the proofs' authorization server, for a refresh token that it rotates.
struct RotatingSource: RotatingTokenSource {
    let port: Int
    let firstRefreshToken: Secret
    /// What tells it from other grants in the same vault.
    private let grant: String
    private let steps: Steps

    init(port: Int, grant: String, first: String, _ steps: Steps) {
        self.port = port
        self.grant = grant
        firstRefreshToken = Secret(Array(first.utf8))
        self.steps = steps
    }

    var identity: TokenIdentity { TokenIdentity(issuer: "proof", client: "worker", grant: "refresh_token", subject: grant) }

    func exchange(_ refreshToken: Secret, for fetch: TokenFetch) async throws(TokenSourceError) -> TokenAnswer {
        steps.reached("before-call")
        let answer = try await Wire.ask(port, "refresh \(getpid()) \(String(decoding: refreshToken.bytes, as: UTF8.self))", steps: steps)
        steps.reached("after-call")
        return answer
    }

    func issued(from answer: TokenAnswer) throws(TokenSourceError) -> IssuedGrant {
        let grant = try Wire.read(answer)
        steps.reached("after-parse")
        return grant
    }

    func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        try issued(from: try await exchange(firstRefreshToken, for: fetch)).token
    }
}

/// One line there, one line back: `200 ACCESS MILLISECONDS [REFRESH]`, or a status and an error.
enum Wire {
    static func ask(_ port: Int, _ line: String, steps: Steps?) async throws(TokenSourceError) -> TokenAnswer {
        let answer = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: exchange(port, line, steps)) }
        }
        guard let answer, let status = Int(answer.prefix(3)) else { throw TokenSourceError(.unreachable("the connection broke")) }
        return TokenAnswer(status: status, body: Secret(Array(answer.utf8)))
    }

    static func read(_ answer: TokenAnswer) throws(TokenSourceError) -> IssuedGrant {
        let words = String(decoding: answer.body.bytes, as: UTF8.self).split(separator: " ").map(String.init)
        guard answer.status == 200 else {
            throw TokenSourceError(.refused(OAuthRefusal(error: words.count > 1 ? words[1] : "", status: answer.status)))
        }
        guard words.count >= 3, let lifetime = Int(words[2]) else { throw TokenSourceError(.notUnderstood("words are missing")) }
        let token = IssuedToken(words[1], lifetime: .lasting(.milliseconds(lifetime)))
        return IssuedGrant(token, refreshToken: words.count > 3 ? Secret(Array(words[3].utf8)) : nil)
    }

    private static func exchange(_ port: Int, _ line: String, _ steps: Steps?) -> String? {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
        }
        let sent = Array((line + "\n").utf8)
        guard isConnected, sent.withUnsafeBytes({ send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) == sent.count else {
            return nil
        }
        steps?.reached("during-call")
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1024)
        while bytes.last != UInt8(ascii: "\n") {
            let count = part.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return nil }
            bytes += part.prefix(count)
        }
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }
}
