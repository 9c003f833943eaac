import Foundation
import NIOHTTP1
import Testing

extension Proofs {
    /// How a server begins and ends.
    @Suite struct ShutdownProofTests {
        @Test func whatIsInFlightAtSIGTERMIsAnsweredAndHolds() async throws {
            try await DataFolder.use { folder in
                let server = try await ServerProcess.start(folder)
                let connections = try await HTTPConnection.open(48, port: server.port)
                let recorder = Recorder()
                let status = await withTaskGroup(of: Void.self) { group in
                    for (user, connection) in connections.enumerated() {
                        group.addTask {
                            _ = await RecordedService(service: HTTPService(connection: connection), recorder: recorder).login(Int64(user))
                        }
                    }
                    _ = await group.next()
                    return await server.terminate()
                }
                #expect(status == 0)
                let pairs = recorder.history.filter { $0.grantedToken != nil }
                #expect(pairs.count == connections.count, "\(connections.count - pairs.count) requests had no answer")
                try await ServerProcess.use(folder) { server in
                    let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                    for pair in pairs { #expect(await service.refresh(pair.grantedToken ?? "").value != nil) }
                }
            }
        }

        @Test func anIdleConnectionDoesNotHoldUpTheEnd() async throws {
            try await DataFolder.use { folder in
                let server = try await ServerProcess.start(folder)
                let idle = try await HTTPConnection.open(8, port: server.port)
                #expect(try await idle[0].send(.GET, "/ping").status == 200)
                let began = ContinuousClock.now
                #expect(await server.terminate() == 0)
                #expect(ContinuousClock.now - began < .seconds(10))
            }
        }

        @Test func aSecondServerOnTheFolderIsRefusedAndTheFirstGoesOn() async throws {
            try await DataFolder.use { folder in
                try await ServerProcess.use(folder) { server in
                    let refusal = await #expect(throws: ServerProcess.DidNotStart.self) { try await ServerProcess.start(folder) }
                    #expect(refusal?.status ?? 0 != 0)
                    #expect(refusal?.log.contains(folder.store) ?? false, "the message names the folder")
                    let connection = try await HTTPConnection.open(port: server.port)
                    #expect(await HTTPService(connection: connection).login(1).value != nil)
                }
            }
        }

        @Test func dataWithoutItsSealIsNotServedAndNoSecondSealIsMade() async throws {
            try await DataFolder.use { folder in
                let pair = try await ServerProcess.use(folder) { server in
                    try #require(await HTTPService(connection: try await HTTPConnection.open(port: server.port)).login(1).value)
                }
                let aside = folder.path + "/aside"
                try FileManager.default.moveItem(atPath: folder.seal, toPath: aside)
                let refusal = await #expect(throws: ServerProcess.DidNotStart.self) { try await ServerProcess.start(folder) }
                #expect(refusal?.status ?? 0 != 0)
                #expect(refusal?.log.contains(folder.seal) ?? false, "the message names the file that is missing")
                #expect(!FileManager.default.fileExists(atPath: folder.seal))
                try FileManager.default.moveItem(atPath: aside, toPath: folder.seal)
                try await ServerProcess.use(folder) { server in
                    let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                    #expect(await service.authenticate(pair.access).value != nil)
                    #expect(await service.refresh(pair.refresh).value != nil)
                }
            }
        }

        @Test func onlyTheOwnerReadsWhatIsSecret() async throws {
            try await DataFolder.use { folder in
                // A generous umask must not matter.
                try await ServerProcess.use(folder, through: ["/bin/sh", "-c", "umask 0; exec \"$@\"", "sh"]) { _ in
                    #expect(try folder.mode(folder.store) == 0o700)
                    #expect(try folder.mode(folder.seal) == 0o600)
                    #expect(try folder.mode(folder.adminToken) == 0o600)
                    for file in try FileManager.default.contentsOfDirectory(atPath: folder.store) {
                        #expect(try folder.mode("\(folder.store)/\(file)") & 0o077 == 0, "others may read \(file)")
                    }
                }
            }
        }
    }
}
