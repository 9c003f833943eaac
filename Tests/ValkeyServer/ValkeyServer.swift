public import Foundation
import Synchronization
import TestSupport

/// A real server on 127.0.0.1 and a free port, in a temporary folder, ended by its process id.
///
/// It runs under a shell that ends it when our end of a pipe is closed, so it does not outlive a test run that crashes.
public final class ValkeyServer: Sendable {
    public let program: Program
    /// Of plain connections; 0: there are none.
    public let port: Int
    /// Of TLS; 0: there are none.
    public let tlsPort: Int
    public let folder: URL
    private let claim: Port
    private let arguments: [String]
    private let through: [String]
    private let process = Mutex<(guardian: Process, pid: pid_t)?>(nil)

    init(_ program: Program, port: Port, tls: Bool = false, folder: URL, arguments: [String], through: [String] = []) {
        self.program = program
        self.port = tls ? 0 : port.number
        tlsPort = tls ? port.number : 0
        claim = port
        self.folder = folder
        self.arguments = arguments
        self.through = through
    }

    /// Starts one for as long as the body runs.
    ///
    /// - Parameters:
    ///   - settings: words of the server's command line, such as `--requirepass`, `x`.
    ///   - through: a command that runs the server's command line and replaces itself by it.
    public static func run<Value>(
        _ program: Program = .valkey, _ settings: [String] = [], through: [String] = [], _ body: (ValkeyServer) async throws -> Value
    ) async throws -> Value {
        let server = try make(program, settings, through: through)
        defer { server.remove() }
        try await server.start()
        return try await body(server)
    }

    static func make(_ program: Program, _ settings: [String], through: [String] = []) throws -> ValkeyServer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mintmark-valkey-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return ValkeyServer(program, port: try Port.claimed(), folder: folder, arguments: settings, through: through)
    }

    /// Starts it, with what it saved, and waits until it answers.
    public func start() async throws {
        let path = try program.path()
        let guardian = Process()
        guardian.executableURL = URL(filePath: "/bin/sh")
        let script = #"cd "$1"; shift; "$@" >>log 2>&1 </dev/null & echo $! >pid.new; mv pid.new pid; cat >/dev/null; kill -9 $!"#
        guardian.arguments = ["-c", script, "sh", folder.path] + through + [path.path] + words
        guardian.standardInput = Pipe()
        guardian.standardError = FileHandle.nullDevice
        try? FileManager.default.removeItem(at: folder.appending(path: "pid"))
        try guardian.startAlone()
        let pid = try await eventually("a process id") { [folder] in
            (try? String(contentsOf: folder.appending(path: "pid"), encoding: .utf8)).flatMap { pid_t($0.filter(\.isNumber)) }
        }
        process.withLock { $0 = (guardian, pid) }
        let port = claim.number
        try await eventually("a server on port \(port); its log says: \(log)") { Port.answers(port) ? true : nil }
    }

    private var words: [String] {
        [
            "--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.path, "--save", "", "--protected-mode", "no",
            "--repl-diskless-sync-delay", "0",
        ] + arguments
    }

    /// What it wrote.
    public var log: String { (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "nothing" }

    /// Ends it at once, without a word to anybody.
    public func kill() {
        guard let (guardian, pid) = process.withLock({ $0 }) else { return }
        process.withLock { $0 = nil }
        Foundation.kill(pid, SIGKILL)
        // Its end is not waited for: whatever was started meanwhile may have inherited the pipe that it reads.
        Foundation.kill(guardian.processIdentifier, SIGKILL)
        (guardian.standardInput as? Pipe)?.fileHandleForWriting.closeFile()
        let port = claim.number
        for _ in 0..<1000 where Port.answers(port) { usleep(1000) }
    }

    /// Holds it, without closing a connection.
    public func pause() { send(SIGSTOP) }

    /// Lets it go on.
    public func resume() { send(SIGCONT) }

    private func send(_ signal: CInt) { process.withLock { if let pid = $0?.pid { Foundation.kill(pid, signal) } } }

    func remove() {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }
}

/// Asks again every few milliseconds until there is an answer, for at most a minute.
@discardableResult
public func eventually<Value>(
    _ what: @autoclosure () -> String, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value?
) async throws -> Value {
    for _ in 0..<6000 {
        if let value = try await body() { return value }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw ServerTrouble("Waited in vain for \(what()).")
}
