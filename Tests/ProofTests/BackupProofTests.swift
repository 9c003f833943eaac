import Foundation
import Testing

extension Proofs {
    /// A backup taken while the server runs, and the server that comes back from it, with a rotation and a revocation made in between.
    @Suite struct BackupProofTests {
        /// What clients hold when the disk is lost.
        private struct Held {
            /// Refreshed once after the backup: its token is ahead of the restored row.
            let rotated: Pair
            /// Logged out after the backup.
            let revoked: Pair
            let untouched: Pair
        }

        @Test func restoredDataEndsEverySessionBornBefore() async throws {
            try await afterRestore { held, service, folder in
                for pair in [held.rotated, held.revoked, held.untouched] {
                    #expect(await service.authenticate(pair.access).isRefused)
                    #expect(await service.refresh(pair.refresh).isRefused)
                }
                let fresh = try #require(await service.login(4).value)
                #expect(await service.refresh(fresh.refresh).value != nil)
            }
        }

        @Test func restoredDataKeepsItsSessionsWhenToldSo() async throws {
            try await afterRestore("--keep-sessions") { held, service, folder in
                #expect(await service.authenticate(held.untouched.access).value != nil)
                #expect(await service.refresh(held.untouched.refresh).value != nil)
                let ahead = try #require(await service.refresh(held.rotated.refresh).value, "a token ahead of its row is no theft")
                #expect(await service.refresh(ahead.refresh).value != nil)
                // The revocation is lost with the disk it was on: that is what keeping sessions costs, and why it is not the default.
                #expect(await service.refresh(held.revoked.refresh).value != nil)
            }
        }

        @Test func aBackupHoldsNoSeal() async throws {
            try await withBackup { _, file, folder in
                let bytes = try #require(FileManager.default.contents(atPath: file))
                let words: [Substring] = folder.text(folder.seal).split(whereSeparator: \.isWhitespace)
                let secret = Data(words.max { $0.utf8.count < $1.utf8.count }.map { Array($0.utf8) } ?? [])
                #expect(secret.count >= 32)
                #expect(bytes.range(of: secret) == nil)
            }
        }

        private func afterRestore(_ options: String..., body: (Held, HTTPService, DataFolder) async throws -> Void) async throws {
            try await withBackup { held, file, folder in
                try FileManager.default.removeItem(atPath: folder.store)
                let restore = try await ChildProcess.run(
                    [Binary.path, "restore", file] + options, in: folder, environment: ["MINTMARK_STORE_PATH": folder.store])
                #expect(restore.status == 0, "\(restore)")
                try await ServerProcess.use(folder) { server in
                    try await body(held, HTTPService(connection: try await HTTPConnection.open(port: server.port)), folder)
                }
            }
        }

        /// A server that was backed up, changed and stopped.
        private func withBackup(_ body: (Held, String, DataFolder) async throws -> Void) async throws {
            try await DataFolder.use { folder in
                let file = folder.path + "/backup"
                let operate = try await Operator(folder)
                let held = try await ServerProcess.use(folder, operate.settings) { server in
                    let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                    let (first, revoked, untouched) = (
                        await service.login(1).value, await service.login(2).value, await service.login(3).value
                    )
                    let backup = try await operate.run("backup", file)
                    try #require(backup.status == 0, "\(backup)")
                    let rotated = await service.refresh(try #require(first).refresh).value
                    #expect(await service.logout(try #require(revoked).access).value != nil)
                    return Held(rotated: try #require(rotated), revoked: try #require(revoked), untouched: try #require(untouched))
                }
                try await body(held, file, folder)
            }
        }
    }
}
