import Foundation

/// Whoever types `mintmark` commands beside a running server; the commands learn from the environment where it is.
struct Operator: Sendable {
    let folder: DataFolder
    let ports: Ports

    init(_ folder: DataFolder) async throws {
        self.folder = folder
        ports = try await Ports.free()
    }

    /// What the server is told.
    var settings: [String: String] { ["server.port": "\(ports.server)", "admin.port": "\(ports.admin)"] }

    /// What the commands are told.
    var environment: [String: String] {
        ["MINTMARK_STORE_PATH": folder.store, "MINTMARK_SERVER_PORT": "\(ports.server)", "MINTMARK_ADMIN_PORT": "\(ports.admin)"]
    }

    /// Runs `mintmark` with these arguments.
    func run(_ arguments: String...) async throws -> ChildProcess.Outcome { try await run(arguments) }

    func run(_ arguments: [String]) async throws -> ChildProcess.Outcome {
        try await ChildProcess.run([Binary.path] + arguments, in: folder, environment: environment)
    }

    /// Runs a command with `--json` and reads what it printed.
    ///
    /// - Throws: when it failed or did not print an object.
    func object(_ arguments: String...) async throws -> [String: Any] {
        let outcome = try await run(arguments + ["--json"])
        guard outcome.status == 0, let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] else {
            throw Unexpected(outcome: outcome)
        }
        return object
    }

    /// A command that did something else than it should.
    struct Unexpected: Error { let outcome: ChildProcess.Outcome }
}
