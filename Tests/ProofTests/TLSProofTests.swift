import Foundation
import NIOHTTP1
import Testing

extension Proofs {
    /// `server.tls.*` through the program: what a client sees, and a certificate that is replaced while the server runs.
    @Suite struct TLSProofTests {
        @Test func everythingIsServedOverTLSAndNothingInTheClear() async throws {
            try await withServer { server, served, folder in
                let curl = try await ChildProcess.run(["curl", "--version"], in: folder).output
                let versions = [("--http1.1", "1.1")] + (curl.contains("HTTP2") ? [("--http2", "2")] : [])
                for (option, version) in versions {
                    let login = try await ask(
                        "/login", server, trusting: served, [option, "-H", "Content-Type: application/json", "-d", #"{"user_id": 1}"#], in: folder)
                    #expect(login.status == 0 && login.output.hasSuffix(" \(version) 200"), "\(login)")
                    let body = login.output.dropLast(" \(version) 200".count)
                    let pair = try JSONDecoder().decode(Pair.self, from: Data(body.utf8))
                    let claims = try await ask(
                        "/authenticate", server, trusting: served, [option, "-H", "Authorization: Bearer \(pair.access)"], in: folder)
                    #expect(claims.output.contains(#""user_id":1"#) && claims.output.hasSuffix(" \(version) 200"), "\(claims)")
                }
                let clear = try await ChildProcess.run(["curl", "-sS", "-m", "10", "http://localhost:\(server.port)/ping"], in: folder)
                #expect(clear.status != 0 && !clear.output.contains("pong"), "\(clear)")
            }
        }

        @Test func aNewCertificateIsServedAfterSIGHUPAndABrokenOneIsNot() async throws {
            try await withServer { server, served, folder in
                let (old, new) = (try await Certificate("old", in: folder), try await Certificate("new", in: folder))
                try served.becomes(old)
                try await hangUp(server, "the certificate was read again", in: folder)
                let lasting = try await HTTPConnection.open(port: server.port, trusting: old.certificate)
                #expect(try await lasting.send(.GET, "/ping").text == "pong")

                try served.becomes(new)
                #expect(try await ping(server, trusting: old, in: folder) == 0, "nobody has said that it is to be read")
                try await hangUp(server, "the certificate was read again", times: 2, in: folder)
                #expect(try await ping(server, trusting: new, in: folder) == 0)
                #expect(try await ping(server, trusting: old, in: folder) == 60, "curl's word for a certificate that it does not believe")
                #expect(try await lasting.send(.GET, "/ping").text == "pong", "a connection that is there goes on")

                // Half a renewal, and half a file.
                try served.becomes(Certificate(certificate: old.certificate, key: new.key))
                try await hangUp(server, "the certificate cannot be read; the old one stays", in: folder)
                try Data("no certificate".utf8).write(to: URL(filePath: served.certificate))
                try await hangUp(server, "the certificate cannot be read; the old one stays", times: 2, in: folder)
                #expect(try await ping(server, trusting: new, in: folder) == 0)
                #expect(try await lasting.send(.GET, "/ping").text == "pong")
                #expect(await server.terminate() == 0)
            }
        }

        /// A server that speaks TLS, with the certificate that it serves.
        private func withServer(_ body: (ServerProcess, Certificate, DataFolder) async throws -> Void) async throws {
            try await DataFolder.use { folder in
                let served = try await Certificate("served", in: folder)
                let settings = ["server.tls.certificate": served.certificate, "server.tls.key": served.key]
                try await ServerProcess.use(folder, settings) { server in try await body(server, served, folder) }
            }
        }

        private func hangUp(_ server: ServerProcess, _ message: String, times: Int = 1, in folder: DataFolder) async throws {
            server.signal(SIGHUP)
            try #require(await folder.logged(message, times: times), "\(folder.text(folder.log))")
        }

        private func ping(_ server: ServerProcess, trusting certificate: Certificate, in folder: DataFolder) async throws -> Int32 {
            try await ask("/ping", server, trusting: certificate, [], in: folder).status
        }

        /// Asks with curl, which then writes the body, the version of HTTP and the status.
        private func ask(
            _ path: String, _ server: ServerProcess, trusting certificate: Certificate, _ options: [String], in folder: DataFolder
        ) async throws -> ChildProcess.Outcome {
            let command = ["curl", "-sS", "-m", "10", "--cacert", certificate.certificate, "-w", " %{http_version} %{http_code}"]
            return try await ChildProcess.run(command + options + ["https://localhost:\(server.port)\(path)"], in: folder)
        }
    }
}

/// The paths of a key and of a certificate for localhost that it signed itself.
private struct Certificate {
    let certificate, key: String

    init(certificate: String, key: String) { (self.certificate, self.key) = (certificate, key) }

    /// Makes them with the `openssl` command.
    init(_ name: String, in folder: DataFolder) async throws {
        self.init(certificate: "\(folder.path)/\(name).pem", key: "\(folder.path)/\(name).key")
        let made = try await ChildProcess.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ], in: folder)
        try #require(made.status == 0, "\(made)")
    }

    /// Puts another's files where these are.
    func becomes(_ other: Certificate) throws {
        try Data(contentsOf: URL(filePath: other.certificate)).write(to: URL(filePath: certificate))
        try Data(contentsOf: URL(filePath: other.key)).write(to: URL(filePath: key))
    }
}
