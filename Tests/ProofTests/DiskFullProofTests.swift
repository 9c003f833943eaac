import Foundation
import NIOHTTP1
import Testing

extension Proofs {
    /// On a full disk what writes says so, what reads goes on, nothing acknowledged is lost, and room is all it takes to recover.
    @Suite struct DiskFullProofTests {
        @Test(arguments: [false, true]) func aFullDiskStopsWritesOnlyAndOnlyWhileItIsFull(limited: Bool) async throws {
            try await DataFolder.use { folder in
                let disk = try await SmallDisk(in: folder, limited: limited)
                do {
                    try await ServerProcess.use(folder, ["store.path": disk.store], through: disk.through) { server in
                        try await prove(disk, server, folder)
                    }
                } catch {
                    try await disk.remove(folder)
                    throw error
                }
                try await disk.remove(folder)
            }
        }

        private func prove(_ disk: SmallDisk, _ server: ServerProcess, _ folder: DataFolder) async throws {
            let connection = try await HTTPConnection.open(port: server.port)
            let service = RecordedService(service: HTTPService(connection: connection), recorder: Recorder())
            var pairs = [try #require(await service.login(1).value)]

            try await disk.exhaust(server, folder)
            // What is already there may be written over until the disk has to give more.
            while pairs.count < 20_000, case .ok(let pair) = await service.login(1) { pairs.append(pair) }
            let refusal = try await connection.send(.POST, "/login", body: #"{"user_id": 1}"#)
            #expect(refusal.status == 503)
            #expect(refusal.fields.first(name: "Retry-After").flatMap { Int($0) } ?? 0 >= 1)
            #expect(refusal.text.contains("temporarily_unavailable"))
            #expect(try await connection.send(.POST, "/refresh", body: #"{"refresh": "\#(pairs[0].refresh)"}"#).status == 503)
            for _ in 0..<100 { #expect(try await connection.send(.GET, "/authenticate", bearer: pairs[0].access).status == 200) }
            let admin = try await HTTPConnection.open(port: server.adminPort)
            #expect(try await admin.send(.GET, "/readyz").status == 503)

            try await disk.relieve(server, folder)
            let deadline = ContinuousClock.now + .seconds(30)
            while await service.login(1).value == nil {
                try #require(ContinuousClock.now < deadline, "it does not recover by itself")
                try await Task.sleep(for: .milliseconds(50))
            }
            // The verdict before may be a second old.
            while try await admin.send(.GET, "/readyz").status != 200 {
                try #require(ContinuousClock.now < deadline, "it does not say that it has recovered")
                try await Task.sleep(for: .milliseconds(50))
            }
            for pair in pairs.suffix(50) + pairs.prefix(1) { #expect(await service.refresh(pair).value != nil) }
            #expect(HistoryChecker(grace: .seconds(30)).violations(in: service.recorder.history) == [])
        }
    }
}
