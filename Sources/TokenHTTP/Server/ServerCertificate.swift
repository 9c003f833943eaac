import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The certificate and key in force, read from two PEM files and again when told.
final class ServerCertificate: Sendable {
    private let files: TokenServer.Configuration.TLS
    /// Guards the context for one copy. Connections keep the one they began with.
    private let current: Mutex<NIOSSLContext>

    init(_ files: TokenServer.Configuration.TLS) throws(UnusableCertificate) {
        self.files = files
        current = Mutex(try Self.read(files))
    }

    /// What a new connection uses.
    var context: NIOSSLContext { current.withLock { $0 } }

    /// Reads both files again. When that fails, what was in force stays.
    func reload() throws(UnusableCertificate) {
        let fresh = try Self.read(files)
        current.withLock { $0 = fresh }
    }

    fileprivate static func read(_ files: TokenServer.Configuration.TLS) throws(UnusableCertificate) -> NIOSSLContext {
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMFile(files.certificate) } catch {
            let reason = unreadable(files.certificate, "a PEM file with a certificate")
            throw UnusableCertificate(part: .certificate, file: files.certificate, reason: reason)
        }
        guard !chain.isEmpty else {
            throw UnusableCertificate(part: .certificate, file: files.certificate, reason: "has no certificate in it")
        }
        let key: NIOSSLPrivateKey
        do { key = try NIOSSLPrivateKey(file: files.key, format: .pem) } catch {
            throw UnusableCertificate(part: .key, file: files.key, reason: unreadable(files.key, "a PEM file with a private key"))
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        // TLS 1.2 with forward secrecy and up (RFC 9325 section 3.1.1).
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        do { return try NIOSSLContext(configuration: configuration) } catch {
            throw UnusableCertificate(part: .pair, file: files.key, reason: "is not the key of the certificate in \(files.certificate)")
        }
    }

    private static func unreadable(_ path: String, _ expected: String) -> String {
        access(path, R_OK) == 0 ? "is not \(expected)" : "cannot be read: \(String(cString: strerror(errno)))"
    }
}

/// A certificate that TLS cannot be spoken with, or its key.
public struct UnusableCertificate: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Part: Sendable, Equatable {
        case certificate
        case key
        /// Each is good, and they do not belong together.
        case pair
    }

    /// What is wrong.
    public let part: Part
    /// The path of the file.
    public let file: String
    /// The end of a sentence that begins with the file.
    public let reason: String

    /// The sentence.
    public var description: String { "\(file) \(reason)." }
}

extension TokenServer.Configuration.TLS {
    /// Reads both files as a server does that starts, and forgets them.
    public func check() throws(UnusableCertificate) { _ = try ServerCertificate.read(self) }
}
