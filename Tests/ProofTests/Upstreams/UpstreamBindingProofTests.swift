import Foundation
import JOSE
import LoopbackServer
import NIOHTTP1
import NIOSSL
import Synchronization
import Testing

extension Proofs {
    /// Tokens bound to a key or a certificate, over the real binary: the issuer and the API check what a strict server checks.
    @Suite struct UpstreamBindingProofTests {
        @Test func boundTokenIsFetchedWithAProofAndUsedWithAnother() async throws {
            let service = ProvenService()
            try await LoopbackServer.run({ service.answer($0) }) { server in
                service.port.withLock { $0 = server.port }
                try await DataFolder.use { folder in
                    let key = try await Self.privateKey("dpop", in: folder)
                    let settings = [
                        "upstreams.crm.source": "client_credentials", "upstreams.crm.token_url": "http://127.0.0.1:\(server.port)/token",
                        "upstreams.crm.client_id": "shop", "upstreams.crm.client_secret": "hunter2", "upstreams.crm.allow": "loopback",
                        "upstreams.crm.dpop_key_file": key, "upstreams.crm.proxy.to": "http://127.0.0.1:\(server.port)/api",
                    ]
                    try await ServerProcess.use(folder, settings) { mintmark in
                        let connection = try await HTTPConnection.open(port: mintmark.port)
                        for path in ["customers?page=2", "orders"] {
                            let reply = try await connection.send(.GET, "/upstreams/crm/proxy/\(path)")
                            #expect(reply.status == 200 && reply.text == "proved", "\(reply.text) \(service.complaints.withLock { $0 })")
                            #expect(!reply.fields.contains(name: "DPoP-Nonce"), "the nonce was for who makes the proofs")
                        }
                        // Whoever asks for the token itself is told what to do, and does not get what is of no use.
                        let refused = try await connection.send(.GET, "/upstreams/crm/token")
                        #expect(refused.status == 400 && refused.text.contains("/upstreams/crm/proxy/") && !refused.text.contains("bound-"))
                        await connection.close()
                        let get = try await ChildProcess.run(
                            [Binary.path, "upstream", "get", "crm", "--url", "http://127.0.0.1:\(mintmark.port)"], in: folder)
                        #expect(get.status == 1 && get.output.isEmpty && get.complaint.contains("bound to a key"), "\(get)")
                    }
                    // After a restart the key is the same, so that whatever was bound to it goes on.
                    try await ServerProcess.use(folder, settings) { mintmark in
                        let connection = try await HTTPConnection.open(port: mintmark.port)
                        #expect(try await connection.send(.GET, "/upstreams/crm/proxy/again").text == "proved")
                        await connection.close()
                    }
                    #expect(service.keys.withLock { $0.count } == 1)
                    #expect(service.complaints.withLock { $0 } == [], "each 401 asked for a nonce and no more")
                }
            }
        }

        @Test func certificateIsShownToTheIssuerAndToTheAPI() async throws {
            try await DataFolder.use { folder in
                for name in ["server", "shop"] { try await Self.certificate(name, in: folder) }
                let token = LoopbackServer.Answer(
                    200, #"{"access_token":"of-the-certificate","token_type":"Bearer","expires_in":60}"#)
                try await LoopbackServer.run(
                    { request in
                        if request.target == "/token" { return token }
                        let isRight = request.headers["authorization"] == ["Bearer of-the-certificate"]
                        return .init(isRight ? 200 : 401, isRight ? "shown" : "")
                    }, tls: try Self.context(folder)
                ) { server in
                    let settings = [
                        "upstreams.crm.source": "client_credentials", "upstreams.crm.token_url": "https://localhost:\(server.port)/token",
                        "upstreams.crm.client_id": "shop", "upstreams.crm.allow": "loopback", "upstreams.crm.timeout": "5s",
                        "upstreams.crm.proxy.to": "https://localhost:\(server.port)/api", "upstreams.crm.ca_file": "\(folder.path)/server.pem",
                    ]
                    let shown = settings.merging([
                        "upstreams.crm.client_auth": "tls", "upstreams.crm.tls.certificate": "\(folder.path)/shop.pem",
                        "upstreams.crm.tls.key": "\(folder.path)/shop.key",
                    ]) { $1 }
                    try await ServerProcess.use(folder, shown) { mintmark in
                        let connection = try await HTTPConnection.open(port: mintmark.port)
                        #expect(try await connection.send(.GET, "/upstreams/crm/token").text.contains("of-the-certificate"))
                        #expect(try await connection.send(.GET, "/upstreams/crm/proxy/things").text == "shown")
                        let asked = try #require(server.requests.first { $0.target == "/token" })
                        #expect(String(decoding: asked.body, as: UTF8.self).contains("client_id=shop"), "RFC 8705 section 2")
                        #expect(asked.headers["authorization"] == nil)
                        await connection.close()
                    }
                    // Without it the server ends the connection, and nothing is sent.
                    let before = server.requests.count
                    try await ServerProcess.use(folder, settings.merging(["upstreams.crm.client_secret": "hunter2"]) { $1 }) { mintmark in
                        let connection = try await HTTPConnection.open(port: mintmark.port)
                        #expect(try await connection.send(.GET, "/upstreams/crm/token").status == 503)
                        await connection.close()
                    }
                    #expect(server.requests.count == before)
                }
            }
        }

        private static func privateKey(_ name: String, in folder: DataFolder) async throws -> String {
            let path = "\(folder.path)/\(name).pem"
            let made = try await ChildProcess.run(
                ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path], in: folder)
            try #require(made.status == 0, "\(made)")
            chmod(path, 0o600)
            return path
        }

        private static func certificate(_ name: String, in folder: DataFolder) async throws {
            let made = try await ChildProcess.run(
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=\(name)",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", "\(folder.path)/\(name).key", "-out", "\(folder.path)/\(name).pem",
                ], in: folder)
            try #require(made.status == 0, "\(made)")
        }

        /// What a server has that lets in whoever shows the shop's certificate.
        private static func context(_ folder: DataFolder) throws -> NIOSSLContext {
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile("\(folder.path)/server.pem").map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: "\(folder.path)/server.key", format: .pem)))
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile("\(folder.path)/shop.pem"))
            return try NIOSSLContext(configuration: tls)
        }
    }
}

/// An issuer and an API that both want a nonce in every proof (RFC 9449 sections 8 and 9), and check the rest of it (section 4.3).
private final class ProvenService: Sendable {
    let port = Mutex(0)
    /// The thumbprints of the keys that were shown.
    let keys = Mutex<Set<String>>([])
    /// What was wrong with proofs, beside a nonce that was not known yet.
    let complaints = Mutex<[String]>([])
    private let seen = Mutex<Set<String>>([])

    func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Answer {
        let isIssuer = request.target == "/token"
        let nonce = isIssuer ? "of-the-issuer" : "of-the-api"
        do {
            let claims = try check(request)
            guard claims["nonce"] == .string(nonce) else {
                if isIssuer { return .init(400, #"{"error":"use_dpop_nonce"}"#, headers: [("DPoP-Nonce", nonce)]) }
                return .init(401, "", headers: [("WWW-Authenticate", #"DPoP error="use_dpop_nonce""#), ("DPoP-Nonce", nonce)])
            }
            if isIssuer {
                return .init(200, #"{"access_token":"bound-1","token_type":"DPoP","expires_in":60}"#, headers: [("DPoP-Nonce", nonce)])
            }
            try #require(request.headers["authorization"] == ["DPoP bound-1"])
            // RFC 9449 section 4.2: the digest of the token; here that of "bound-1".
            try #require(claims["ath"] == .string(Self.digest))
            return .init(200, "proved", headers: [("DPoP-Nonce", nonce)])
        } catch {
            complaints.withLock { $0.append("\(request.method) \(request.target): \(error)") }
            return .init(400, #"{"error":"invalid_dpop_proof"}"#)
        }
    }

    /// SHA-256 of "bound-1", as openssl and basenc --base64url have it.
    private static let digest = "EpOx4yzc41i0tCmTizlMU9v-YNcwJcJ0Vf91WdP_B_M"

    private func check(_ request: LoopbackServer.Request) throws -> JWTClaims {
        let values = try #require(request.headers["dpop"])
        try #require(values.count == 1)
        let jws = try JWS(parsing: Array(values[0].utf8))
        let header = try #require(
            try JSONValue(parsing: try Base64URL.decode(Array(jws.compact.prefix { $0 != UInt8(ascii: ".") }))).object)
        try #require(header["typ"] == .string("dpop+jwt"))
        let jwk = try JWK(parsing: try #require(header["jwk"]).serialized)
        try jws.verify(with: try VerificationKey(jwk: jwk))
        keys.withLock { _ = $0.insert(jwk.thumbprint) }
        let claims = try JWTClaims(parsing: jws.payload)
        try #require(claims["htm"] == .string(request.method))
        let path = request.target.prefix { $0 != "?" }
        try #require(claims["htu"] == .string("http://127.0.0.1:\(port.withLock { $0 })\(path)"))
        let id = try #require(claims.tokenID)
        try #require(seen.withLock { $0.insert(id).inserted }, "a proof came twice")
        return claims
    }
}
