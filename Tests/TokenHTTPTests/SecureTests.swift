import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import TestSupport
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// TLS, HTTP/2 and a certificate that is changed while the server runs.
@Suite struct SecureTests {
    @Test func everythingWorksOverHTTP2() async throws {
        try await Certificates.use { files in
            try await Harness.run(configure: { $0.tls = files.tls }) { server in
                try await files.client { client in
                    let base = "https://127.0.0.1:\(server.ports.main)"
                    var login = HTTPClientRequest(url: base + "/login")
                    login.method = .POST
                    login.headers = ["Content-Type": "application/json", "Host": "localhost"]
                    login.body = .bytes(ByteBuffer(string: #"{"user_id":3}"#))
                    let answer = try await client.execute(login, timeout: .seconds(10))
                    let body = String(buffer: try await answer.body.collect(upTo: 65_536))
                    #expect(answer.status == .ok && answer.version == .http2, "\(body)")
                    let access = try #require(WireReply(status: 200, head: "", body: body).member("access"))
                    for _ in 0..<3 {
                        var ask = HTTPClientRequest(url: base + "/authenticate")
                        ask.headers = ["Authorization": "Bearer \(access)"]
                        let claims = try await client.execute(ask, timeout: .seconds(10))
                        #expect(claims.status == .ok && claims.version == .http2)
                        #expect(String(buffer: try await claims.body.collect(upTo: 65_536)).contains(#""user_id":3"#))
                    }
                    let bare = try await client.execute(HTTPClientRequest(url: base + "/authenticate"), timeout: .seconds(10))
                    #expect(bare.status == .unauthorized && bare.headers.first(name: "WWW-Authenticate") == #"Bearer realm="mintmark""#)
                    _ = try await bare.body.collect(upTo: 65_536)
                    var large = HTTPClientRequest(url: base + "/login")
                    large.method = .POST
                    large.body = .bytes(ByteBuffer(repeating: 0x20, count: 16_385))
                    let refused = try await client.execute(large, timeout: .seconds(10))
                    #expect(refused.status == .payloadTooLarge && refused.version == .http2)
                    #expect(refused.headers["Content-Type"] == ["application/json"] && refused.headers["Connection"].isEmpty)
                    let told = String(buffer: try await refused.body.collect(upTo: 65_536))
                    #expect(told == #"{"error":"content_too_large","error_description":"The body is too large."}"#)
                }
            }
        }
    }

    @Test func http11OverTLSHasTheFastLane() async throws {
        try await Certificates.use { files in
            try await Harness.run(configure: { $0.tls = files.tls }) { server in
                try await files.client(http1: true) { client in
                    for _ in 0..<3 {
                        let reply = try await client.execute(
                            HTTPClientRequest(url: "https://127.0.0.1:\(server.ports.main)/ping"), timeout: .seconds(10))
                        #expect(reply.version == .http1_1 && reply.status == .ok)
                        #expect(String(buffer: try await reply.body.collect(upTo: 100)) == "pong")
                    }
                }
                let counted = try await Wire.ask(server.ports.admin, Harness.request("GET", "/metrics"))
                #expect(counted.body.contains(#"route="fast_lane",le="+Inf"} 3"#))
            }
        }
    }

    @Test func aNewCertificateIsUsedWithoutARestartAndABrokenOneIsNot() async throws {
        try await Certificates.use { old in
            try await Certificates.use { new in
                try await Harness.run(configure: { $0.tls = old.tls }) { server in
                    func ping(_ trusting: Certificates) async throws -> UInt {
                        try await trusting.client { client in
                            try await client.execute(HTTPClientRequest(url: "https://127.0.0.1:\(server.ports.main)/ping"), timeout: .seconds(10))
                                .status.code
                        }
                    }
                    #expect(try await ping(old) == 200)
                    try new.replace(old)
                    try server.server.reload()
                    #expect(try await ping(new) == 200)
                    try Data("no certificate".utf8).write(to: URL(filePath: old.tls.certificate))
                    #expect(throws: (any Error).self) { try server.server.reload() }
                    #expect(try await ping(new) == 200, "what was in force stays")
                }
            }
        }
    }

    /// Whoever connects and never speaks TLS does not keep a connection, nor the server from ending.
    @Test func aHandshakeThatNeverComesIsCutOff() async throws {
        try await Certificates.use { files in
            try await Harness.run(configure: {
                $0.tls = files.tls
                $0.limits.handshake = .milliseconds(100)
            }) { server in
                let heard = try await Wire.open(server.ports.main) { wire in try await wire.rest() }
                #expect(heard.isEmpty)
            }
        }
    }

    @Test func aServerWithoutItsCertificateDoesNotStart() async throws {
        await #expect(throws: (any Error).self) {
            try await Harness.run(configure: { $0.tls = .init(certificate: "/nowhere/a.pem", key: "/nowhere/b.pem") }) { _ in }
        }
    }
}

/// A key and a certificate that it signs for itself, in a temporary folder. Needs the `openssl` command.
struct Certificates: Sendable {
    let folder: URL
    let tls: TokenServer.Configuration.TLS

    static func use<Value: Sendable>(_ body: (Certificates) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mintmark-tls-\(UInt64.random(in: .min ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificate = folder.appending(path: "cert.pem").path, key = folder.appending(path: "key.pem").path
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ]
        openssl.standardError = FileHandle.nullDevice
        let status: Int32 = try await withCheckedThrowingContinuation { end in
            openssl.terminationHandler = { end.resume(returning: $0.terminationStatus) }
            do { try openssl.startAlone() } catch { end.resume(throwing: error) }
        }
        try #require(status == 0, "openssl made no certificate")
        return try await body(Certificates(folder: folder, tls: .init(certificate: certificate, key: key)))
    }

    /// Puts this certificate and key where another's were.
    func replace(_ other: Certificates) throws {
        try Data(contentsOf: URL(filePath: tls.certificate)).write(to: URL(filePath: other.tls.certificate))
        try Data(contentsOf: URL(filePath: tls.key)).write(to: URL(filePath: other.tls.key))
    }

    /// A client that trusts this certificate and no other.
    func client<Value: Sendable>(http1: Bool = false, _ body: (HTTPClient) async throws -> Value) async throws -> Value {
        var trust = TLSConfiguration.makeClientConfiguration()
        trust.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(tls.certificate))
        var configuration = HTTPClient.Configuration(tlsConfiguration: trust)
        if http1 { configuration.httpVersion = .http1Only }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<Value, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try await client.shutdown()
        return try result.get()
    }
}
