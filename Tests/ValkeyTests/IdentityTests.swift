import FoundationEssentials
import Logging
import NIOCore
import NIOSSL
import Testing
import Valkey
import ValkeyServer

/// Users, passwords, TLS and servers that refuse HELLO.
@Suite("Who we are and how we speak")
struct IdentityTests {
    private let users = ["--user", "default", "off", "--user", "worker", "on", ">open:sesame", "~*", "&*", "+@all"]

    @Test(arguments: Program.allCases)
    func anACLUserIsAcceptedAndAWrongPasswordIsAClearError(program: Program) async throws {
        try await ValkeyServer.run(program, users) { server in
            let url = try ValkeyURL("valkey://worker:open%3Asesame@127.0.0.1:\(server.port)")
            let client = try url.makeClient(logger: Logger(label: "test"))
            defer { client.shutdown() }
            #expect(try await client.execute(ValkeyRawCommand(["ACL", "WHOAMI"])).decode(as: String.self) == "worker")

            for authentication in [nil, ValkeyClientConfiguration.Authentication(username: "worker", password: "wrong")] {
                let error = try await server.withClient(.init(authentication: authentication)) { client in
                    try await failure { try await client.execute(PING()) }
                }
                #expect(error.errorCode == .authenticationFailed && error.execution == .notExecuted)
                #expect(error.description.contains(authentication == nil ? "NOAUTH" : "WRONGPASS"))
            }
        }
    }

    // An ACL cannot take HELLO away from anybody, so it is renamed.
    @Test(arguments: Program.allCases)
    func aServerWithoutHelloIsSpokenToInRESP2(program: Program) async throws {
        try await ValkeyServer.run(program, ["--rename-command", "HELLO", "", "--requirepass", "p"]) { server in
            try await server.withClient(.init(authentication: .init(password: "p"), databaseNumber: 1)) { try await speak($0) }
            let error = try await server.withClient(.init(authentication: .init(password: "wrong"))) { client in
                try await failure { try await client.execute(PING()) }
            }
            #expect(error.errorCode == .authenticationFailed)
        }
    }

    /// Replies whose form differs between the protocols.
    private func speak(_ client: ValkeyClient) async throws {
        let clients = try await client.execute(ValkeyRawCommand(["CLIENT", "INFO"])).decode(as: String.self)
        #expect(clients.contains("resp=2"))
        #expect(try await client.execute(CONFIG.GET(parameters: ["maxmemory-policy"])) == ["maxmemory-policy": "noeviction"])
        #expect(try await client.execute(GET("nothing")) == nil)
        let id = try await client.execute(XADD("s", fields: ["f", "v"]))
        #expect(try await client.execute(XREAD([("s", "0")], block: .milliseconds(10))).streams["s"]?.map(\.id) == [id])
        #expect(try await client.execute(XREAD([("s", "$")], block: .milliseconds(10))).streams.isEmpty)
        try await client.subscribe(to: ["a", "b"]) { messages in
            try await client.execute(PUBLISH(channel: "b", message: "hello"))
            let first = try await messages.first { _ in true }
            #expect(first?.channel == "b" && first?.message == ByteBuffer(text: "hello"))
        }
    }

    @Test func connectionsAreEncryptedAndTheServerIsChecked() async throws {
        try await ValkeyServer.runWithTLS(["--requirepass", "p"]) { server in
            var trusting = TLSConfiguration.makeClientConfiguration()
            trusting.trustRoots = .file(server.folder.appending(path: "ca.crt").path)
            let url = try ValkeyURL("rediss://:p@localhost:\(server.tlsPort)")
            let client = try url.makeClient(certificates: trusting, logger: Logger(label: "test"))
            defer { client.shutdown() }
            #expect(try await client.execute(INCR("n")) == 1)

            let base = ValkeyClientConfiguration(commandTimeout: .milliseconds(1500))
            let suspicious = try url.makeClient(configuration: base, logger: Logger(label: "test"))
            defer { suspicious.shutdown() }
            let stranger = try await failure { try await suspicious.execute(PING()) }
            #expect(stranger.errorCode == .connectionFailed && stranger.description.contains("TLS"))

            let elsewhere = try ValkeyURL("rediss://:p@127.0.0.1:\(server.tlsPort)").makeClient(
                configuration: base, certificates: trusting, logger: Logger(label: "test"))
            defer { elsewhere.shutdown() }
            let wrongName = try await failure { try await elsewhere.execute(PING()) }
            #expect(wrongName.errorCode == .connectionFailed, "the certificate is for localhost")
        }
    }
}
