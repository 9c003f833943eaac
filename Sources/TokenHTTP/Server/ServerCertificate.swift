import NIOSSL
import Synchronization

/// The certificate and key in force, read from two PEM files and again when told.
final class ServerCertificate: Sendable {
    /// Where they are.
    struct Files: Sendable {
        let certificate: String
        let key: String
    }

    private let files: Files
    /// Guards the context for one copy. Connections keep the one they began with.
    private let current: Mutex<NIOSSLContext>

    /// - Throws: what NIOSSL throws when a file is missing or no PEM, or the key is another certificate's.
    init(_ files: Files) throws {
        self.files = files
        current = Mutex(try Self.read(files))
    }

    /// What a new connection uses.
    var context: NIOSSLContext { current.withLock { $0 } }

    /// Reads both files again. When that fails, what was in force stays.
    ///
    /// - Throws: as `init`.
    func reload() throws {
        let fresh = try Self.read(files)
        current.withLock { $0 = fresh }
    }

    private static func read(_ files: Files) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem)))
        // TLS 1.2 with forward secrecy and up (RFC 9325 section 3.1.1).
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}
