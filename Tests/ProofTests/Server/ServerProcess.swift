import Foundation

/// A running `mintmark serve`.
final class ServerProcess: Sendable {
    /// The port of the public listener.
    let port: Int
    /// The port of the admin listener.
    let adminPort: Int
    private let child: ChildProcess

    /// Why a server that was started does not listen.
    struct DidNotStart: Error, CustomStringConvertible {
        /// What it exited with; nil when it neither listened nor ended in time.
        let status: Int32?
        let log: String
        var description: String { "the server did not start (\(status.map { "\($0)" } ?? "no end")): \(log.suffix(2_000))" }
    }

    private struct Listening: Decodable {
        let event, `public`, admin: String
    }

    /// What every proof sets unless it says otherwise: free ports, and an issuer that does not depend on them.
    static func settings(_ folder: DataFolder) -> [String: String] {
        [
            "server.port": "0", "admin.port": "0", "store.path": folder.store, "events.file": folder.events,
            "auth.issuer": "http://localhost", "auth.access_lifetime": "1h", "logging.mode": "json",
        ]
    }

    /// Starts a server and waits until it listens.
    ///
    /// - Parameters:
    ///   - settings: over those of `settings(_:)`.
    ///   - through: a command that runs the server's command line, for instance one that lowers a limit first.
    /// - Throws: `DidNotStart`.
    static func start(
        _ folder: DataFolder, _ settings: [String: String] = [:], through: [String] = [], patience: Duration = .seconds(60)
    ) async throws -> ServerProcess {
        let assignments = Self.settings(folder).merging(settings) { $1 }.sorted { $0.key < $1.key }
        return try await start(
            folder, command: through + [Binary.path, "serve"] + assignments.flatMap { ["--set", "\($0.key)=\($0.value)"] }, patience: patience)
    }

    /// Starts a server by a whole command line, typed in the folder, and waits until it listens.
    ///
    /// - Throws: `DidNotStart`.
    static func start(
        _ folder: DataFolder, command: [String], environment: [String: String] = [:], patience: Duration = .seconds(60)
    ) async throws -> ServerProcess {
        let seen = folder.text(folder.output).utf8.count
        let child = try ChildProcess(command, output: folder.output, log: folder.log, in: folder.path, environment: environment)
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            let ended = child.status
            let lines = String(decoding: folder.text(folder.output).utf8.dropFirst(seen), as: UTF8.self).split(separator: "\n")
            if let listening = lines.lazy.compactMap({ try? JSONDecoder().decode(Listening.self, from: Data($0.utf8)) }).first {
                return ServerProcess(child, listening)
            }
            if let ended { throw DidNotStart(status: ended, log: folder.text(folder.log)) }
            try await Task.sleep(for: .milliseconds(5))
        }
        child.signal(SIGKILL)
        throw DidNotStart(status: nil, log: folder.text(folder.log))
    }

    private init(_ child: ChildProcess, _ listening: Listening) {
        self.child = child
        port = Self.port(listening.public)
        adminPort = Self.port(listening.admin)
    }

    private static func port(_ address: String) -> Int { address.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    /// The process id: of the server itself, if what it was started through replaced itself by it.
    var pid: Int32 { child.pid }

    /// Ends it the hard way and waits until it is gone.
    func kill() async {
        child.signal(SIGKILL)
        _ = await child.ended()
    }

    /// Asks it to end and waits.
    ///
    /// - Returns: its exit status; 128 and the number of the signal if a signal ended it.
    func terminate() async -> Int32 {
        child.signal(SIGTERM)
        return await child.ended()
    }

    func signal(_ number: Int32) { child.signal(number) }

    /// Waits for its end.
    func ended() async -> Int32 { await child.ended() }

    /// Runs a body against a fresh server and ends the server afterwards, also when the body fails.
    static func use<T>(
        _ folder: DataFolder, _ settings: [String: String] = [:], through: [String] = [], _ body: (ServerProcess) async throws -> T
    ) async throws -> T {
        let server = try await start(folder, settings, through: through)
        do {
            let result = try await body(server)
            await server.kill()
            return result
        } catch {
            await server.kill()
            throw error
        }
    }
}
