import TokenClient
import TokenCore
import TokenTransport

/// What a source and its proxy have in common: what they show of themselves when they connect, and what they make proofs with.
///
/// Read once, when the server starts: tokens are bound to it, so that who fetches them and who uses them must never differ.
struct UpstreamBinding: Sendable {
    /// Makes proofs by the key that the tokens are bound to (RFC 9449).
    var prover: DPoPProver?
    /// The certificate that is shown and the authorities that are believed; nil: nothing of our own.
    var tls: FetchTLS?

    /// For a client that is known by its certificate (RFC 8705).
    var certificate: ClientCertificate? { tls?.certificate.map { ClientCertificate(chain: $0.chain, key: $0.key) } }
    /// How the source reaches its server.
    var transport: HTTPTokenTransport { HTTPTokenTransport(roots: tls?.roots) }
}

extension UpstreamSources {
    /// Reads what an entry names.
    ///
    /// - Throws: which file is wrong, and how.
    func binding(of entry: Settings.Upstream) throws(CommandFailure) -> UpstreamBinding {
        var binding = UpstreamBinding(tls: try tls(entry))
        if let path = entry.dpopKeyFile { binding.prover = DPoPProver(try signingKey(entry, UpstreamKeys.dpopKeyFile, path)) }
        return binding
    }

    /// The certificate, its key and the authorities, tried as a connection would use them.
    func tls(_ entry: Settings.Upstream) throws(CommandFailure) -> FetchTLS? {
        guard entry.certificate != nil || entry.caFile != nil else { return nil }
        var tls = FetchTLS()
        if let path = entry.caFile {
            tls.roots = try secret(entry, UpstreamKeys.caFile, path).bytes
            try check(tls, entry, UpstreamKeys.caFile, "\(path) holds no certificate that can be used")
        }
        if let path = entry.certificate {
            let chain = try secret(entry, UpstreamKeys.certificate, path).bytes
            tls.certificate = (chain, try secret(entry, UpstreamKeys.certificateKey, entry.certificateKey))
            try check(tls, entry, UpstreamKeys.certificate, "\(path) holds no certificate, or \(entry.certificateKey ?? "") not its key")
        }
        return tls
    }

    private func check(_ tls: FetchTLS, _ entry: Settings.Upstream, _ row: any DescribedKey, _ reason: String) throws(CommandFailure) {
        do { try tls.check() } catch { throw CommandFailure(.configuration, "\(entry.key(row)): \(reason).") }
    }
}
