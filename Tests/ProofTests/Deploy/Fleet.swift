import Foundation
import NIOHTTP1

/// Instances on one shared store, each at a loopback address of its own and all at one port, as the containers of one service are.
final class Fleet {
    /// The port of all of them.
    let port: Int
    private let folder: DataFolder
    private let store: String
    private var running: [Int: ServerProcess] = [:]

    private init(_ folder: DataFolder, store: String, port: Int) {
        self.folder = folder
        self.store = store
        self.port = port
    }

    /// Where an instance is: the first at 127.0.0.2.
    static func host(_ number: Int) -> String { "127.0.0.\(number + 1)" }

    /// Runs a body, with no instance at first, and ends every instance afterwards.
    ///
    /// - Parameter store: what the instances are told as `store.url`.
    static func use<T>(_ folder: DataFolder, store: String, _ body: (Fleet) async throws -> T) async throws -> T {
        let fleet = Fleet(folder, store: store, port: try await Ports.free().server)
        try await fleet.makeSecrets()
        do {
            let result = try await body(fleet)
            await fleet.end()
            return result
        } catch {
            await fleet.end()
            throw error
        }
    }

    private var seal: String { folder.path + "/seal" }
    private var adminToken: String { folder.path + "/admin.token" }

    /// What all instances share, made as deploy/compose.yaml says.
    private func makeSecrets() async throws {
        let made = try await ChildProcess.run([Binary.path, "keys", "new-seal"], in: folder)
        for (text, file) in [(made.output, seal), ("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", adminToken)] {
            try Data(text.utf8).write(to: URL(filePath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        }
    }

    /// Starts instances, at the addresses where they were if they were.
    ///
    /// - Parameter settings: over those that all of them have.
    func start(_ numbers: Int..., settings: [String: String] = [:]) async throws {
        for number in numbers {
            let own = folder.path + "/\(number)"
            try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
            let common = [
                "server.host": Self.host(number), "server.port": "\(port)", "store.url": store, "store.path": own + "/data",
                "events.file": "", "keys.seal_file": seal, "admin.token_file": adminToken, "login.require": "client",
                "server.trusted_proxies": "127.0.0.1/32",
            ]
            running[number] = try await ServerProcess.start(folder, common.merging(settings) { $1 })
        }
    }

    /// What an instance has left on disk beside its log: a container's file system may be read-only.
    func files(of number: Int) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(number)") }

    /// Ends one the hard way.
    func kill(_ number: Int) async { await running.removeValue(forKey: number)?.kill() }

    /// Ends one as an update does.
    ///
    /// - Returns: what it exited with.
    func terminate(_ number: Int) async -> Int32? { await running.removeValue(forKey: number)?.terminate() }

    private func end() async { for number in Array(running.keys) { await kill(number) } }

    /// Makes a client.
    ///
    /// - Returns: `id:secret`.
    func client(by number: Int) async throws -> String {
        struct Made: Decodable { let client_id, client_secret: String }
        let port = running[number]?.adminPort ?? 0
        let outcome = try await ChildProcess.run(
            [Binary.path, "clients", "create", "load", "--json", "--admin-url", "http://127.0.0.1:\(port)", "--credential", adminToken], in: folder)
        guard let made = try? JSONDecoder().decode(Made.self, from: Data(outcome.output.utf8)) else { throw Operator.Unexpected(outcome: outcome) }
        return "\(made.client_id):\(made.client_secret)"
    }

    /// What an instance tells of itself.
    func metrics(at number: Int) async throws -> String {
        try await HTTPConnection.open(port: running[number]?.adminPort ?? 0).send(.GET, "/metrics").text
    }

    /// How many logins an instance granted since it was started.
    func logins(at number: Int) async throws -> Int {
        let series = #"mintmark_http_requests_total{route="/login",status="200"} "#
        let line = try await metrics(at: number).split(separator: "\n").first { $0.hasPrefix(series) }
        return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } ?? 0
    }
}
