import Foundation
import LoopbackServer
import Synchronization

/// An authorization server over HTTP that rotates refresh tokens and ends the grant when one comes that was used (RFC 9700 section 4.14.2).
final class RotatingAuthority: Sendable {
    private struct State {
        var newest = 0
        var isAlive = true
        var asked: [ContinuousClock.Instant] = []
        var onNext: (@Sendable () -> Void)?
    }

    private let lifetime: Int
    /// Guarded for one request.
    private let state = Mutex(State())

    /// - Parameter lifetime: `expires_in`, in seconds.
    init(lifetime: Int) { self.lifetime = lifetime }

    /// How many tokens it has issued: the newest is `a` and this number.
    var newest: Int { state.withLock { $0.newest } }
    /// Whether no refresh token has come twice.
    var isAlive: Bool { state.withLock { $0.isAlive } }
    /// The time between one token and the next, of those that were issued since.
    func gaps(since: ContinuousClock.Instant) -> [Duration] {
        let asked = state.withLock { $0.asked.filter { $0 >= since } }
        return zip(asked, asked.dropFirst()).map { $1 - $0 }
    }

    /// The next request is not looked at: this happens instead, and its connection breaks.
    func breakNext(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.onNext = body } }
    /// Whether that is still to come.
    var isBreaking: Bool { state.withLock { $0.onNext != nil } }

    /// One request and its answer.
    func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Answer? {
        state.withLock { state in
            if let body = state.onNext {
                state.onNext = nil
                body()
                return nil
            }
            guard state.isAlive, String(decoding: request.body, as: UTF8.self).split(separator: "&").contains("refresh_token=r\(state.newest)") else {
                state.isAlive = false
                return .init(400, #"{"error":"invalid_grant"}"#)
            }
            state.newest += 1
            state.asked.append(.now)
            let number = state.newest
            return .init(
                200, #"{"access_token":"a\#(number)","token_type":"Bearer","expires_in":\#(lifetime),"refresh_token":"r\#(number)"}"#)
        }
    }

    /// What makes a server use it, beginning with a refresh token in a file of that folder.
    static func settings(_ authority: LoopbackServer, _ folder: DataFolder) throws -> [String: String] {
        let first = folder.path + "/first"
        _ = FileManager.default.createFile(atPath: first, contents: Data("r0\n".utf8), attributes: [.posixPermissions: 0o600])
        return [
            "upstreams.crm.source": "refresh_token", "upstreams.crm.token_url": "http://127.0.0.1:\(authority.port)/token",
            "upstreams.crm.client_id": "shop", "upstreams.crm.refresh_token_file": first, "upstreams.crm.allow": "loopback",
        ]
    }
}
