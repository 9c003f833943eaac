public import NIOSSL
public import TokenCore

/// What a secure connection shows of us and whom it believes.
public struct FetchTLS: Sendable {
    /// What we show of ourselves, if the server asks; PEM, our own certificate first, and its key. Never shown to another origin that a redirect names.
    public var certificate: (chain: [UInt8], key: Secret)?
    /// Who may vouch for the server, as PEM; nil: whom the system believes.
    public var roots: [UInt8]?

    /// Both, or one of them.
    public init(certificate: (chain: [UInt8], key: Secret)? = nil, roots: [UInt8]? = nil) {
        self.certificate = certificate
        self.roots = roots
    }

    /// Reads all of it as a connection would, and forgets it.
    ///
    /// - Throws: `.certificate` for what is no PEM, and for a key that is not the certificate's.
    public func check() throws(TransportError) {
        let tls = try configuration()
        if certificate != nil, tls.certificateChain.isEmpty { throw .certificate("there is none") }
        if case .certificates(let roots)? = tls.trustRoots, roots.isEmpty { throw .certificate("there is none") }
        do { _ = try NIOSSLContext(configuration: tls) } catch { throw .certificate("\(error)") }
    }

    /// For the client.
    ///
    /// - Throws: `.certificate` for what is no PEM.
    public func configuration() throws(TransportError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        do {
            if let certificate {
                tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(certificate.chain).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: certificate.key.bytes, format: .pem))
            }
            if let roots { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(roots)) }
        } catch { throw .certificate("\(error)") }
        return tls
    }
}
