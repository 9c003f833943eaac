import Foundation
import LoopbackServer
import NIOHTTP1
import Synchronization
import Testing

extension SharedProofs {
    /// Two servers on one Valkey share a grant at an issuer that ends it on reuse.
    @Suite struct UpstreamInstancesProofTests {
        private static let lifetime = Duration.seconds(2)

        @Test func oneOfThemRefreshesAndWhenItIsKilledTheOtherGoesOn() async throws {
            let authority = RotatingAuthority(lifetime: 2)
            try await LoopbackServer.run(authority.answer) { server in
                try await DataFolder.use { folder in
                    let settings = try RotatingAuthority.settings(server, folder).merging(["upstreams.crm.timeout": "2s"]) { $1 }
                    try await SharedPlace.use(.single) { place in
                        try await Instances.use(2, on: place, settings) { instances in
                            let began = ContinuousClock.now
                            async let first = tokens(instances[0], for: .milliseconds(3500))
                            let second = try await tokens(instances[1], for: .milliseconds(3500))
                            // Both hand out what one of them has fetched, and that is done once in each lifetime.
                            #expect(try await first.union(second).count == authority.newest && authority.newest >= 2)
                            #expect(Self.needless(authority.gaps(since: began)) == [])

                            try await killRefresher(instances[0], other: instances[1], authority)
                            let killed = ContinuousClock.now
                            let before = authority.newest
                            let after = try await tokens(instances[1], for: .milliseconds(2500))
                            #expect(authority.newest > before && after.contains("a\(authority.newest)"), "\(after)")

                            // The one that was killed comes back and takes what is there.
                            try await instances[0].start()
                            let known = try await tokens(instances[0], for: .milliseconds(500))
                            #expect(known.isSubset(of: Set((1...authority.newest).map { "a\($0)" })))
                            #expect(Self.needless(authority.gaps(since: killed)) == [])
                            #expect(authority.isAlive, "no refresh token came twice")
                        }
                    }
                }
            }
        }

        /// While the other is stopped the first has to ask; it dies with its lease, and before the issuer has looked at what it sent.
        private func killRefresher(_ first: Instance, other: Instance, _ authority: RotatingAuthority) async throws {
            try other.server().signal(SIGSTOP)
            let process = try first.server()
            authority.breakNext { process.signal(SIGKILL) }
            let deadline = ContinuousClock.now + .seconds(30)
            while authority.isBreaking, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
            try other.server().signal(SIGCONT)
            await first.kill()
            #expect(!authority.isBreaking)
        }

        /// Every token that an instance hands out in a time; each answer has one.
        private func tokens(_ instance: Instance, for time: Duration) async throws -> Set<String> {
            let connection = try await HTTPConnection.open(port: try instance.server().port)
            var tokens = Set<String>()
            let end = ContinuousClock.now + time
            while ContinuousClock.now < end {
                let reply = try await connection.send(.GET, "/upstreams/crm/token")
                struct Answer: Decodable { let access_token: String }
                #expect(reply.status == 200, "\(reply.text)")
                if reply.status == 200 { tokens.insert(try JSONDecoder().decode(Answer.self, from: Data(reply.body)).access_token) }
                try await Task.sleep(for: .milliseconds(50))
            }
            await connection.close()
            return tokens
        }

        /// Managers ask at 70 to 80 % of a lifetime.
        private static func needless(_ gaps: [Duration]) -> [Duration] { gaps.filter { $0 < lifetime * 0.6 } }
    }
}

extension Proofs {
    /// A sidecar keeps what must not be lost in a folder of its own.
    @Suite struct SidecarVaultProofTests {
        @Test func aSidecarThatIsKilledAfterEveryRotationGoesOn() async throws {
            let authority = RotatingAuthority(lifetime: 3600)
            try await LoopbackServer.run(authority.answer) { server in
                try await DataFolder.use { folder in
                    let settings = try RotatingAuthority.settings(server, folder).merging([
                        "server.port": "0", "store.path": folder.store, "keys.seal_file": folder.seal,
                    ]) { $1 }
                    for round in 1...4 {
                        let (sidecar, port) = try await start(folder, settings)
                        defer { sidecar.signal(SIGKILL) }
                        let connection = try await HTTPConnection.open(port: port)
                        let known = max(1, round - 1)
                        #expect(try await connection.send(.GET, "/upstreams/crm/token").text.contains(#""access_token":"a\#(known)""#))
                        if round > 1 {
                            _ = try await connection.send(.POST, "/upstreams/crm/invalidate", body: #"{"access_token":"a\#(known)"}"#)
                            let next = try await connection.send(.GET, "/upstreams/crm/token").text
                            #expect(next.contains(#""access_token":"a\#(round)""#), "\(next)")
                        }
                        sidecar.signal(SIGKILL)
                        _ = await sidecar.ended()
                        await connection.close()
                    }
                    #expect(authority.isAlive && authority.newest == 4)
                    #expect(try folder.mode(folder.store + "/upstreams") == 0o700)
                    let kept = try FileManager.default.contentsOfDirectory(atPath: folder.store + "/upstreams")
                    #expect(!kept.isEmpty && kept.allSatisfy { !folder.text(folder.store + "/upstreams/" + $0).contains("r4") })
                }
            }
        }

        private func start(_ folder: DataFolder, _ settings: [String: String]) async throws -> (ChildProcess, port: Int) {
            let output = folder.path + "/sidecar-\(UInt64.random(in: 0 ... .max))"
            let words = settings.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
            let child = try ChildProcess([Binary.path, "upstream", "serve"] + words, output: output, log: folder.log, in: folder.path)
            struct Listening: Decodable { let `public`: String }
            let deadline = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < deadline, child.status == nil {
                if let line = folder.text(output).split(separator: "\n").first,
                    let place = try? JSONDecoder().decode(Listening.self, from: Data(line.utf8)),
                    let port = place.public.split(separator: ":").last.flatMap({ Int($0) })
                {
                    return (child, port)
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            throw ServerProcess.DidNotStart(status: child.status, log: folder.text(folder.log))
        }
    }
}
