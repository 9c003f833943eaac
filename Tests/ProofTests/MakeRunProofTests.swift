import Foundation
import NIOHTTP1
import Testing

extension Proofs {
    /// What the README says that `make run` makes, typed in an empty folder, with a compiler that has built already.
    @Suite struct MakeRunProofTests {
        @Test func makeRunServesWithItsDefaults() async throws {
            try await DataFolder.use { folder in
                let ports = try await Ports.asWritten()
                let isAsWritten = ports.server == 8080
                let arguments = isAsWritten ? [] : ["ARGS=--set server.port=\(ports.server) --set admin.port=\(ports.admin)"]
                let make = ["make", "-s", "-f", Repository.path + "/Makefile", "run", "SWIFT=\(try compiler(in: folder))"]
                let server = try await ServerProcess.start(folder, command: make + arguments)
                // make hands the signal on, which nobody could do that is killed, and says itself that it was interrupted.
                do { try await look(at: server, ports, folder) } catch {
                    _ = await server.terminate()
                    throw error
                }
                _ = await server.terminate()
                #expect(try await folder.logged("stopped"))
            }
        }

        private func look(at server: ServerProcess, _ ports: Ports, _ folder: DataFolder) async throws {
            #expect(server.port == ports.server && server.adminPort == ports.admin)
            let data = folder.path + "/mintmark-data"
            for (path, mode) in [(data, 0o700), (data + ".seal", 0o600), (data + "/admin.token", 0o600), (data + "/mintmark.db", 0o600)] {
                #expect(try folder.mode(path) == mode, "\(path)")
            }
            let log = folder.text(folder.log)
            for part in ["listening", "credential=./mintmark-data/admin.token", "public=127.0.0.1:\(ports.server)", "admin=127.0.0.1:\(ports.admin)"]
            {
                #expect(log.contains(part), "\(part) is not in \(log)")
            }
            let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
            let pair = try #require(await service.login(1).value)
            #expect(await service.authenticate(pair.access).value != nil)
            let environment = ["MINTMARK_SERVER_PORT": "\(ports.server)", "MINTMARK_ADMIN_PORT": "\(ports.admin)"]
            let listed = try await ChildProcess.run([Binary.path, "sessions", "list", "1"], in: folder, environment: environment)
            #expect(listed.status == 0 && listed.output.contains(pair.session), "\(listed)")
        }

        /// What make finds in the folder: its scripts, and a compiler that builds nothing and knows where the program is.
        private func compiler(in folder: DataFolder) throws -> String {
            let files = FileManager.default
            try files.createSymbolicLink(atPath: folder.path + "/scripts", withDestinationPath: Repository.path + "/scripts")
            try files.createDirectory(atPath: folder.path + "/bin", withIntermediateDirectories: false)
            try files.createSymbolicLink(atPath: folder.path + "/bin/mintmark", withDestinationPath: Binary.path)
            let swift = folder.path + "/bin/swift"
            try Data("#!/bin/sh\ncase \"$*\" in *--show-bin-path) echo '\(folder.path)/bin' ;; esac\n".utf8).write(to: URL(filePath: swift))
            try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: swift)
            return swift
        }
    }
}
