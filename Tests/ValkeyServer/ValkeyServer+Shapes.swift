import Foundation
import TestSupport

extension ValkeyServer {
    /// A server with TLS alone, whose certificate is for `localhost` and signed by the authority in `folder/ca.crt`.
    public static func runWithTLS<Value>(_ settings: [String] = [], _ body: (ValkeyServer) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mintmark-valkey-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await certificates(in: folder)
        let port = try Port.claimed()
        let files = ["--tls-cert-file", "server.crt", "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.crt"]
        let server = ValkeyServer(
            .redis, port: port, tls: true, folder: folder,
            arguments: ["--tls-port", "\(port.number)", "--tls-auth-clients", "no"] + files.map { $0.hasPrefix("--") ? $0 : "\(folder.path)/\($0)" }
                + settings)
        defer { server.remove() }
        try await server.start()
        return try await body(server)
    }

    private static func certificates(in folder: URL) async throws {
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        try await openssl(["req", "-x509"] + curve + ["-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Test authority"], in: folder)
        try await openssl(
            ["req", "-x509"] + curve
                + [
                    "-CA", "ca.crt", "-CAkey", "ca.key", "-keyout", "server.key", "-out", "server.crt", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                ], in: folder)
    }

    private static func openssl(_ arguments: [String], in folder: URL) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        let status: Int32 = try await withCheckedThrowingContinuation { end in
            process.terminationHandler = { end.resume(returning: $0.terminationStatus) }
            do { try process.startAlone() } catch { end.resume(throwing: error) }
        }
        guard status == 0 else { throw ServerTrouble("openssl is missing or failed; run scripts/ensure.sh openssl.") }
    }

    /// A primary and a replica that follows it.
    ///
    /// - Parameter through: the command that the replica is run through, for instance one that sets its clock.
    public static func runWithReplica<Value>(
        through: [String] = [], _ body: (_ primary: ValkeyServer, _ replica: ValkeyServer) async throws -> Value
    ) async throws -> Value {
        try await run { primary in
            try await run(.valkey, ["--replicaof", "127.0.0.1", "\(primary.port)"], through: through) { replica in
                try await eventually("the replica") { replica.log.contains("Finished with success") ? true : nil }
                return try await body(primary, replica)
            }
        }
    }
}
