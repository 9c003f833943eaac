import Foundation
import JOSE
import NIOHTTP1
import Testing

extension Proofs {
    /// Keys of the configuration whose effect only a running server shows.
    @Suite struct ConfigurationProofTests {
        /// `{"user_id":7,"exp":4102444800}`, the year 2100, under HS256 with `secret`; made with Python's hmac.
        private static let legacy = """
            eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjo3LCJleHAiOjQxMDI0NDQ4MDB9.gzYzmrnlAFrXPz4EKnjqFshHR7y6SOtxCh4ERxmmOp0
            """
        private static let secret = "the-secret-of-the-system-before!"

        @Test func tokensAreAsTheConfigurationSays() async throws {
            try await DataFolder.use { folder in
                let file = folder.path + "/legacy"
                try Data((Self.secret + "\n").utf8).write(to: URL(filePath: file))
                let settings = ["auth.audience": "api.example", "auth.algorithm": "EdDSA", "auth.legacy_hs256": file]
                try await ServerProcess.use(folder, settings) { server in
                    let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                    let parts = try #require(await service.login(1).value).access.split(separator: ".")
                    #expect(try text(parts[0]).contains(#""alg":"EdDSA""#))
                    #expect(try text(parts[1]).contains(#""aud":"api.example""#) && text(parts[1]).contains(#""iss":"http://localhost""#))
                    let legacy = try await service.connection.send(.GET, "/authenticate", bearer: Self.legacy)
                    #expect(legacy.status == 200 && legacy.text.contains(#""user_id":7"#), "\(legacy)")
                }
                try await ServerProcess.use(folder) { server in
                    let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                    #expect(await service.authenticate(Self.legacy).isRefused, "without its secret")
                }
            }
        }

        @Test func theSealIsWhereTheConfigurationSays() async throws {
            try await DataFolder.use { folder in
                let seal = folder.path + "/elsewhere"
                let pair = try await ServerProcess.use(folder, ["keys.seal_file": seal]) { server in
                    #expect(try folder.mode(seal) == 0o600)
                    return try #require(await HTTPService(connection: try await HTTPConnection.open(port: server.port)).login(1).value)
                }
                #expect(!FileManager.default.fileExists(atPath: folder.seal))
                let refusal = await #expect(throws: ServerProcess.DidNotStart.self) { try await ServerProcess.start(folder) }
                #expect(refusal?.status == 78, "no seal is made beside data")
                try await ServerProcess.use(folder, ["keys.seal_file": seal]) { server in
                    let service = HTTPService(connection: try await HTTPConnection.open(port: server.port))
                    #expect(await service.refresh(pair.refresh).value != nil)
                }
            }
        }

        #if os(Linux)
        /// All of 127.0.0.0/8 is this machine there.
        @Test func theAdminListenerIsWhereTheConfigurationSays() async throws {
            try await DataFolder.use { folder in
                try await ServerProcess.use(folder, ["admin.host": "127.0.0.2"]) { server in
                    let there = try await HTTPConnection.open(host: "127.0.0.2", port: server.adminPort)
                    #expect(try await there.send(.GET, "/readyz").status == 200)
                    await #expect(throws: (any Error).self) { try await HTTPConnection.open(port: server.adminPort) }
                }
            }
        }

        @Test(arguments: [1, 3]) func thereAreAsManyEventLoopsAsTheConfigurationSays(count: Int) async throws {
            try await DataFolder.use { folder in
                try await ServerProcess.use(folder, ["server.max_processors": "\(count)"]) { server in
                    let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.pid)/task").map {
                        folder.text("/proc/\(server.pid)/task/\($0)/comm")
                    }
                    #expect(threads.count { $0.hasPrefix("NIO-ELT") } == count, "\(threads)")
                }
            }
        }
        #endif

        /// The address of a request is in its line of the log: the socket's, or what a trusted proxy says (canon 40).
        @Test(arguments: [(nil, "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("127.0.0.1", "203.0.113.7")])
        func theLogShowsWhomATrustedProxyForwards(trusted: String?, shown: String) async throws {
            try await DataFolder.use { folder in
                let settings = ["logging.level": "debug"].merging(trusted.map { ["server.trusted_proxies": $0] } ?? [:]) { $1 }
                try await ServerProcess.use(folder, settings) { server in
                    let connection = try await HTTPConnection.open(port: server.port)
                    let forwarded = [("X-Forwarded-For", "203.0.113.7")]
                    #expect(try await connection.send(.POST, "/login", fields: forwarded, body: #"{"user_id": 1}"#).status == 403)
                    #expect(try await folder.logged(#""mintmark.route":"/login""#))
                    let lines = folder.text(folder.log).split(separator: "\n").filter { $0.contains(#""mintmark.route":"/login""#) }
                    #expect(lines.count == 1 && lines[0].contains(#""level":"debug""#), "\(lines)")
                    #expect(lines[0].contains(#""mintmark.client":"\#(shown)""#), "\(lines)")
                }
            }
        }

        private func text(_ part: Substring) throws -> String { String(decoding: try Base64URL.decode(String(part)), as: UTF8.self) }
    }
}
