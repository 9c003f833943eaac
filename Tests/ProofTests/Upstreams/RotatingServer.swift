import Foundation
import Synchronization
import ValkeyServer

/// An authorization server on loopback that is not ours: it rotates refresh tokens, and what it does with one that was used is its nature.
///
/// One line there, one line back (`Tests/UpstreamWorker/WorkerSources.swift`). It notes who asked for what, and who was killed meanwhile.
final class RotatingServer: Sendable {
    /// What it does with a refresh token that was used.
    enum Nature: String, CaseIterable, Sendable {
        /// It ends the grant (RFC 9700 section 4.14.2).
        case strict
        /// It accepts the one before the newest.
        case grace
    }

    /// A token that was given out.
    struct Issue: Sendable {
        let number: Int
        let token: String
        let pid: pid_t
        let at: ContinuousClock.Instant
        /// Whether who asked was killed before it can have told the others.
        var isCut = false
    }

    private struct State {
        var newest = 0
        var isAlive = true
        var issues: [Issue] = []
        var rejected: Set<String> = []
    }

    let port: Int
    private let nature: Nature
    private let lifetime: Duration
    private let delay: Duration
    private let listener: CInt
    private let state = Mutex(State())
    /// Told when a request has come, before it is answered: whether it dies of it.
    private let onRequest: @Sendable (pid_t) -> Bool

    init(
        _ nature: Nature = .strict, lifetime: Duration, delay: Duration = .zero, onRequest: @escaping @Sendable (pid_t) -> Bool = { _ in false }
    ) throws {
        self.nature = nature
        self.lifetime = lifetime
        self.delay = delay
        self.onRequest = onRequest
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                (bind(listener, address, length), listen(listener, 128), getsockname(listener, address, &length))
            }
        }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in accept() }
    }

    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        Foundation.close(listener)
    }

    var issues: [Issue] { state.withLock { $0.issues } }
    var isAlive: Bool { state.withLock { $0.isAlive } }

    /// From now on this token is not accepted.
    func reject(_ token: String) { state.withLock { _ = $0.rejected.insert(token) } }

    /// Who asked in this moment, or a moment ago, was killed.
    func cut(_ pid: pid_t) {
        state.withLock { state in
            for index in state.issues.indices where state.issues[index].pid == pid && .now - state.issues[index].at < .seconds(1) {
                state.issues[index].isCut = true
            }
        }
    }

    private func accept() {
        while true {
            let connection = Foundation.accept(listener, nil, nil)
            guard connection >= 0 else { return }
            Thread.detachNewThread { [self] in
                serve(connection)
                Foundation.close(connection)
            }
        }
    }

    private func serve(_ connection: CInt) {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
        let answer = Array((self.answer(words) + "\n").utf8)
        _ = answer.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    private func answer(_ words: [String]) -> String {
        guard words.count > 1 else { return "400 invalid_request" }
        switch words[0] {
        case "use": return state.withLock { $0.rejected.contains(words[1]) } ? "401 invalid_token" : "204 fine"
        case "client": return issue(pid_t(words[1]) ?? 0)
        case "refresh" where words.count > 2: return refresh(pid_t(words[1]) ?? 0, words[2])
        default: return "400 invalid_request"
        }
    }

    private func refresh(_ pid: pid_t, _ token: String) -> String {
        let isAccepted = state.withLock { state in
            let isAccepted = state.isAlive && (token == "r\(state.newest)" || nature == .grace && token == "r\(state.newest - 1)")
            if !isAccepted, nature == .strict { state.isAlive = false }
            return isAccepted
        }
        return isAccepted ? issue(pid) : "400 invalid_grant"
    }

    private func issue(_ pid: pid_t) -> String {
        let now = Int(Date().timeIntervalSince1970 * 1000)
        let milliseconds = Int(lifetime / .milliseconds(1))
        let (number, token) = state.withLock { state in
            state.newest += 1
            let token = "a\(state.newest).\(now).\(now + milliseconds)"
            state.issues.append(Issue(number: state.newest, token: token, pid: pid, at: .now))
            return (state.newest, token)
        }
        if onRequest(pid) { cut(pid) }
        if delay > .zero { usleep(UInt32(delay / .microseconds(1))) }
        return "200 \(token) \(milliseconds) r\(number)"
    }
}
