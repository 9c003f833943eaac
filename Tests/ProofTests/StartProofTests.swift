import Foundation
import NIOCore
import NIOPosix
import Testing

extension Proofs {
    /// What can be foreseen to keep a server from starting ends it with the code and the sentence that docs/cli.md promises, and with nothing
    /// else in the log.
    @Suite struct StartProofTests {
        @Test(arguments: ["server.port", "admin.port", "metrics.port"]) func aPortInUseIs69AndNamed(key: String) async throws {
            try await DataFolder.use { folder in
                let other = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(host: "127.0.0.1", port: 0).get()
                let port = try #require(other.localAddress?.port)
                let refusal = try await refused(folder, [key: "\(port)"])
                #expect(refusal.status == 69)
                #expect(refusal.log.contains("\(key): 127.0.0.1:\(port) is in use"), "\(refusal)")
                try await other.close().get()
            }
        }

        @Test func aHostThatIsNobodysIs78() async throws {
            try await DataFolder.use { folder in
                let unknown = try await refused(folder, ["metrics.port": "0", "metrics.host": "nowhere.invalid"])
                #expect(unknown.status == 78 && unknown.log.contains("metrics.host: the name nowhere.invalid has no address"), "\(unknown)")
                let elsewhere = try await refused(folder, ["metrics.port": "0", "metrics.host": "192.0.2.1"])
                #expect(elsewhere.status == 78 && elsewhere.log.contains("192.0.2.1:0: Cannot assign requested address"), "\(elsewhere)")
            }
        }

        @Test func aFileThatIsMissingIs78BeforeAnythingIsMade() async throws {
            try await DataFolder.use { folder in
                let tls = ["server.tls.certificate": "/nowhere/tls.pem", "server.tls.key": "/nowhere/tls.key"]
                let refusal = try await refused(folder, tls)
                #expect(refusal.status == 78 && refusal.log.contains("server.tls.certificate: /nowhere/tls.pem cannot be read"), "\(refusal)")
                let events = try await refused(folder, ["events.file": "/nowhere/events"])
                #expect(events.status == 78 && events.log.contains("events.file: /nowhere/events cannot be made"), "\(events)")
                for path in [folder.store, folder.seal] { #expect(!FileManager.default.fileExists(atPath: path)) }
            }
        }

        @Test func aFolderInUseIs69() async throws {
            try await DataFolder.use { folder in
                try await ServerProcess.use(folder) { _ in
                    let refusal = try await refused(folder, [:])
                    #expect(refusal.status == 69 && refusal.log.contains("is in use by another store"), "\(refusal)")
                }
            }
        }

        @Test func aHangUpWithoutTLSReadsNoCertificate() async throws {
            try await DataFolder.use { folder in
                try await ServerProcess.use(folder) { server in
                    server.signal(SIGHUP)
                    let isLogged = try await folder.logged("there is no certificate to read again")
                    #expect(isLogged)
                    #expect(await server.terminate() == 0)
                }
            }
        }

        /// Starts a server that must not start.
        private func refused(_ folder: DataFolder, _ settings: [String: String]) async throws -> ServerProcess.DidNotStart {
            let before = folder.text(folder.log).utf8.count
            let thrown = await #expect(throws: ServerProcess.DidNotStart.self) { try await ServerProcess.start(folder, settings) }
            let refusal = try #require(thrown)
            let log = String(decoding: refusal.log.utf8.dropFirst(before), as: UTF8.self)
            #expect(!log.contains("CancellationError") && !log.contains("Error("), "\(log)")
            return ServerProcess.DidNotStart(status: refusal.status, log: log)
        }
    }
}
