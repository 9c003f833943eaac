import Foundation
import NIOHTTP1
import SQLiteStore
import Testing
import TokenCore

extension Proofs {
    /// What a start finds: another start, files that are too open, a clock that went back, a reader of events that stalls.
    @Suite struct FirstStartProofTests {
        /// Whichever is first makes the seal; what it stores can be opened ever after.
        @Test func twoFirstStartsAtOnceLeaveOneSeal() async throws {
            for _ in 0..<4 {
                try await DataFolder.use { folder in
                    let settings = ServerProcess.settings(folder).flatMap { ["--set", "\($0.key)=\($0.value)"] }
                    let children = try (1...2).map { number in
                        try ChildProcess(
                            [Binary.path, "serve"] + settings, output: "\(folder.path)/out\(number)", log: folder.log, in: folder.path)
                    }
                    // One is refused; the other serves, unless it looked while the first had just ended.
                    while !children.contains(where: { $0.status != nil }) { try await Task.sleep(for: .milliseconds(5)) }
                    for (number, child) in zip(1..., children) where child.status == nil {
                        while folder.text("\(folder.path)/out\(number)").isEmpty, child.status == nil { try await Task.sleep(for: .milliseconds(5)) }
                        child.signal(SIGTERM)
                    }
                    let statuses = [await children[0].ended(), await children[1].ended()]
                    #expect(statuses.sorted() == [0, 69], "\(folder.text(folder.log))")
                    try await ServerProcess.use(folder) { server in
                        let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                        #expect(await service.login(1).value != nil)
                    }
                }
            }
        }

        @Test func filesThatOthersCanReadAreRefusedByName() async throws {
            try await DataFolder.use { folder in
                try await ServerProcess.use(folder) { _ in }
                for (file, mode) in [(folder.store, 0o755), (folder.seal, 0o644), (folder.adminToken, 0o640), (folder.store + "/mintmark.db", 0o604)]
                {
                    let right = try folder.mode(file)
                    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
                    let refusal = await #expect(throws: ServerProcess.DidNotStart.self) { try await ServerProcess.start(folder) }
                    #expect(refusal?.status == 78)
                    #expect(refusal?.log.contains("chmod \(String(right, radix: 8)) \(file)") ?? false, "\(file): \(refusal?.log ?? "")")
                    try FileManager.default.setAttributes([.posixPermissions: right], ofItemAtPath: file)
                }
                try await ServerProcess.use(folder) { _ in }
            }
        }

        /// A clock that was ahead removed a revocation: by the right clock its token would live again.
        @Test func nothingIsWrittenBeforeWhatTheStoreHasForgotten() async throws {
            try await DataFolder.use { folder in
                let pair = try await ServerProcess.use(folder) { server in
                    try #require(await HTTPService(connection: try await HTTPConnection.open(port: server.port)).login(1).value)
                }
                try await forgetAnHour(folder)
                try await ServerProcess.use(folder) { server in
                    let ready = try await HTTPConnection.open(port: server.adminPort).send(.GET, "/readyz")
                    #expect(ready.status == 503)
                    #expect(String(decoding: ready.body, as: UTF8.self).contains(#""clock":"behind""#))
                    let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                    #expect(await service.login(2).value == nil)
                    #expect(await service.authenticate(pair.access).value == nil, "its hour is over by the clock that removed")
                    #expect(folder.text(folder.log).contains("mintmark restore FILE"))
                }
                let (file, environment) = (folder.path + "/backup", ["MINTMARK_STORE_PATH": folder.store])
                for command in ["backup", "restore"] {
                    let outcome = try await ChildProcess.run([Binary.path, command, file], in: folder, environment: environment)
                    #expect(outcome.status == 0, "\(outcome)")
                }
                try await ServerProcess.use(folder) { server in
                    let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                    #expect(await service.login(2).value != nil)
                    #expect(await service.authenticate(pair.access).value == nil)
                }
            }
        }

        /// Sweeps as a server does whose clock is two hours ahead.
        private func forgetAnHour(_ folder: DataFolder) async throws {
            let store = try SQLiteStore.open(.init(path: folder.store))
            let now = UnixTime(seconds: Int64(Date().timeIntervalSince1970))
            let entry = RevocationEntry(.everything(upTo: .epoch), expiresAt: now + .seconds(3700))
            try await store.commit(WriteBatch(partition: .control, now: now, revocations: [entry]))
            _ = try await store.sweep(now: now + .seconds(7200), limit: 100)
            await store.close()
        }

        @Test func aReaderOfEventsThatStallsDoesNotHoldUpTheEnd() async throws {
            try await DataFolder.use { folder in
                let pipe = folder.path + "/pipe"
                #expect(mkfifo(pipe, 0o600) == 0)
                let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
                defer { close(reader) }
                let server = try await ServerProcess.start(folder, ["events.file": pipe])
                let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                // More than a pipe holds: 64 KiB.
                for user in 0..<600 { #expect(await service.login(Int64(user)).value != nil) }
                let began = ContinuousClock.now
                #expect(await server.terminate() == 0)
                #expect(ContinuousClock.now - began < .seconds(6))
            }
        }
    }
}
