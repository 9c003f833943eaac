import LoopbackServer
import Testing
import TokenClient
import TokenCore
import TokenTransport

/// Clients that show a certificate (RFC 8705), at a server that wants to see one.
@Suite("Mutual TLS at a token endpoint")
struct MutualTLSTests {
    private let certificate = ClientCertificate(
        chain: Array(TestCertificates.client.utf8), key: Secret(text: TestCertificates.clientKey))
    private let roots = HTTPTokenTransport(roots: Array(TestCertificates.root.utf8))

    private func source(
        _ server: LoopbackServer, _ authentication: ClientAuthentication, _ transport: HTTPTokenTransport
    ) -> ClientCredentialsSource {
        .clientCredentials(
            tokenURL: "https://127.0.0.1:\(server.port)/token", clientID: "shop", authentication: authentication, transport: transport)
    }

    @Test func certificateIsShownAndTheClientSaysItsName() async throws {
        try await LoopbackServer.run({ _ in .token() }, tls: try TestCertificates.context()) { server in
            let source = source(server, .tls(certificate), roots)
            let token = try await source.fetchOnce()
            #expect(token.value.text == "at-1" && !source.identity.keyBinding.isEmpty)
            #expect(server.forms == [["grant_type": ["client_credentials"], "client_id": ["shop"]]])
        }
    }

    @Test("canon 40: without the certificate, or without who vouches for the server, nothing is sent")
    func nothingIsSentWithoutTheCertificate() async throws {
        try await LoopbackServer.run({ _ in .token() }, tls: try TestCertificates.context()) { server in
            for source in [source(server, .secret("very-secret"), roots), source(server, .tls(certificate), HTTPTokenTransport())] {
                await #expect {
                    try await source.fetchOnce()
                } throws: { error in
                    if case .unreachable = (error as? TokenSourceError)?.reason { true } else { false }
                }
            }
            #expect(server.requests.isEmpty)
        }
    }

    @Test func certificateThatCannotBeReadIsMisconfigured() async throws {
        let broken = ClientCertificate(chain: Array("no certificate".utf8), key: Secret(text: "very-secret"))
        try await LoopbackServer.run({ _ in .token() }, tls: try TestCertificates.context()) { server in
            await #expect {
                try await source(server, .tls(broken), roots).fetchOnce()
            } throws: { error in
                guard case .misconfigured(let why) = (error as? TokenSourceError)?.reason else { return false }
                return !why.contains("very-secret")
            }
            #expect(server.requests.isEmpty)
        }
    }
}
