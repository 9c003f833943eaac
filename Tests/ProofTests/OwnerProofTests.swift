import Foundation
import Testing

extension Proofs {
    /// Root types the commands of an installation that belongs to another user, as under deploy/mintmark.service.
    @Suite(.enabled(if: geteuid() == 0, "only root can give files to another user: run as root to see it"))
    struct OwnerProofTests {
        private static let user = 54_321

        @Test func whatRootWritesStaysTheServersOwn() async throws {
            try await withServersFolder { folder, through in
                let operate = try await Operator(folder)
                let backup = folder.path + "/backup"
                let before = try await login(operate, through)
                for command in [
                    ["backup", backup], ["keys", "new-seal", "--append", folder.seal], ["keys", "change-seal", folder.seal, "--promote", "2"],
                    ["restore", "--keep-sessions", backup],
                ] {
                    let outcome = try await operate.run(command)
                    #expect(outcome.status == 0 && outcome.complaint.isEmpty, "\(outcome)")
                    try everythingIsTheServers(folder, after: command)
                }
                _ = try await login(operate, through, refreshing: before)

                // A disk that was lost: the folder is made anew, in one of the server's.
                try FileManager.default.removeItem(atPath: folder.store)
                #expect(try await operate.run("restore", "--keep-sessions", backup).status == 0)
                try everythingIsTheServers(folder, after: ["restore"])
                _ = try await login(operate, through, refreshing: before)
            }
        }

        /// One start as the server's user.
        private func login(_ operate: Operator, _ through: [String], refreshing pair: Pair? = nil) async throws -> Pair {
            try await ServerProcess.use(operate.folder, operate.settings, through: through) { server in
                let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                if let pair { #expect(await service.refresh(pair.refresh).value != nil) }
                let fresh = try #require(await service.login(1).value)
                #expect(try await operate.run("keys", "list").status == 0)
                #expect(await server.terminate() == 0)
                return fresh
            }
        }

        private func everythingIsTheServers(_ folder: DataFolder, after command: [String]) throws {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.store)
            #expect(names.contains("mintmark.db") && names.contains("lock"))
            for path in [folder.store, folder.seal] + names.map({ "\(folder.store)/\($0)" }) {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                let owner = (attributes[.ownerAccountID] as? Int, attributes[.groupOwnerAccountID] as? Int)
                #expect(owner == (Self.user, Self.user), "\(path) after \(command.joined(separator: " "))")
                #expect(try folder.mode(path) & 0o077 == 0, "\(path) after \(command.joined(separator: " "))")
            }
        }

        /// A folder that belongs to the server's user, and how a program is run as that user: from a copy, wherever the built one is.
        private func withServersFolder(_ body: (DataFolder, [String]) async throws -> Void) async throws {
            try await DataFolder.use { folder in
                let program = folder.path + "/mintmark"
                try FileManager.default.copyItem(atPath: Binary.path, toPath: program)
                try FileManager.default.setAttributes([.ownerAccountID: Self.user, .groupOwnerAccountID: Self.user], ofItemAtPath: folder.path)
                let change = "setpriv --reuid=\(Self.user) --regid=\(Self.user) --clear-groups"
                try await body(folder, ["/bin/sh", "-c", "shift; exec \(change) '\(program)' \"$@\"", "sh"])
            }
        }
    }
}
