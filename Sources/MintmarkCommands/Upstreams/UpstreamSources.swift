import FoundationEssentials
import JOSE
import TokenClient
import TokenCore
import TokenTransport

/// What the sources of `upstreams` are made of: one line a kind.
struct UpstreamSources: Sendable {
    /// Where relative paths start, and where programs are looked for.
    let surroundings: Surroundings
    /// Keeps refresh tokens; nil where no source has one.
    let vault: UpstreamVault?

    /// The source of an entry.
    ///
    /// - Parameters:
    ///   - binding: of the entry.
    ///   - scope: a narrower scope in place of the entry's own.
    /// - Throws: what is wrong with what the entry names.
    func make(_ entry: Settings.Upstream, _ binding: UpstreamBinding, scope: String? = nil) throws(CommandFailure) -> any TokenSource {
        guard let maker = Self.makers[entry.source] else {
            throw CommandFailure(.configuration, "\(entry.key(UpstreamKeys.source)): there is no source \(entry.source.rawValue) in this build.")
        }
        var entry = entry
        if let scope { entry.scope = scope }
        let source = try maker(self)(entry, binding)
        return vault?.keep(source, of: entry.source) ?? source
    }

    private typealias Maker = @Sendable (UpstreamSources) -> (Settings.Upstream, UpstreamBinding) throws(CommandFailure) -> any TokenSource

    private static let makers: [UpstreamSourceKind: Maker] = [
        .clientCredentials: { $0.clientCredentials },
        .refreshToken: { $0.refreshToken },
        .tokenExchange: { $0.tokenExchange },
        .jwtBearer: { $0.jwtBearer },
        .exec: { $0.exec },
        .file: { $0.file },
        .mintmark: { $0.mintmark },
    ]
}

// MARK: - The sources of OAuth

extension UpstreamSources {
    private func clientCredentials(_ entry: Settings.Upstream, _ binding: UpstreamBinding) throws(CommandFailure) -> any TokenSource {
        try RereadSource { () throws(CommandFailure) in
            ClientCredentialsSource.clientCredentials(
                tokenURL: entry.tokenURL ?? "", clientID: entry.clientID ?? "", authentication: try authentication(entry, binding),
                prover: binding.prover, request: entry.request, transport: binding.transport)
        }
    }

    private func refreshToken(_ entry: Settings.Upstream, _ binding: UpstreamBinding) throws(CommandFailure) -> any TokenSource {
        RefreshTokenSource.refreshToken(
            tokenURL: entry.tokenURL ?? "", clientID: entry.clientID ?? "", authentication: try authentication(entry, binding),
            refreshToken: try secret(entry, UpstreamKeys.refreshTokenFile, entry.refreshTokenFile), prover: binding.prover,
            request: entry.request, transport: binding.transport)
    }

    private func tokenExchange(_ entry: Settings.Upstream, _ binding: UpstreamBinding) throws(CommandFailure) -> any TokenSource {
        try RereadSource { () throws(CommandFailure) in
            let subject = TokenExchangeSource.Token(
                try secret(entry, UpstreamKeys.subjectTokenFile, entry.subjectTokenFile),
                type: entry.subjectTokenType ?? TokenExchangeSource.Kind.accessToken)
            return TokenExchangeSource.tokenExchange(
                tokenURL: entry.tokenURL ?? "", clientID: entry.clientID ?? "", authentication: try authentication(entry, binding),
                subject: subject, prover: binding.prover, request: entry.request, transport: binding.transport)
        }
    }

    private func jwtBearer(_ entry: Settings.Upstream, _ binding: UpstreamBinding) throws(CommandFailure) -> any TokenSource {
        let key = ClientKey(try signingKey(entry, UpstreamKeys.privateKeyFile, entry.privateKeyFile), audience: entry.audience?.first)
        guard let issuer = entry.issuer ?? entry.clientID else {
            throw CommandFailure(.configuration, "\(entry.key(UpstreamKeys.issuer)): an assertion says who makes it; set it, or client_id.")
        }
        return JWTBearerSource.jwtBearer(
            tokenURL: entry.tokenURL ?? "", account: .init(issuer: issuer, subject: entry.subject, key: key), clientID: entry.clientID ?? "",
            prover: binding.prover, request: GrantRequest(scope: entry.scope ?? ""), transport: binding.transport)
    }

    /// How the client says who it is.
    private func authentication(_ entry: Settings.Upstream, _ binding: UpstreamBinding) throws(CommandFailure) -> ClientAuthentication {
        if let certificate = binding.certificate { return .tls(certificate) }
        if let path = entry.privateKeyFile { return .privateKeyJWT(ClientKey(try signingKey(entry, UpstreamKeys.privateKeyFile, path))) }
        let secret: Secret
        if let written = entry.clientSecret {
            secret = written.secret
        } else if let file = entry.clientSecretFile {
            secret = try self.secret(entry, UpstreamKeys.clientSecretFile, file)
        } else {
            return .none
        }
        return entry.clientAuthentication == .post ? .secretPost(secret) : .secretBasic(secret)
    }
}

// MARK: - Other sources

extension UpstreamSources {
    private func exec(_ entry: Settings.Upstream, _: UpstreamBinding) throws(CommandFailure) -> any TokenSource {
        var command = entry.command ?? []
        if let program = command.first, program.contains("/") { command[0] = surroundings.absolute(program) }
        return ExecSource.exec(command)
    }

    private func file(_ entry: Settings.Upstream, _: UpstreamBinding) throws(CommandFailure) -> any TokenSource {
        FileSource.file(surroundings.absolute(entry.path ?? ""))
    }

    private func mintmark(_ entry: Settings.Upstream, _ binding: UpstreamBinding) throws(CommandFailure) -> any TokenSource {
        try RereadSource { () throws(CommandFailure) in
            MintmarkUpstreamSource.mintmark(
                entry.url ?? "", upstream: entry.upstream ?? entry.name, clientID: entry.clientID ?? "",
                authentication: try authentication(entry, binding), transport: binding.transport)
        }
    }
}

// MARK: - Files

extension UpstreamSources {
    /// The bytes of a file without a line end behind them.
    func secret(_ entry: Settings.Upstream, _ row: any DescribedKey, _ path: String?) throws(CommandFailure) -> Secret {
        let path = path ?? ""
        guard let bytes = FileManager.default.contents(atPath: surroundings.absolute(path)) else {
            throw CommandFailure(.configuration, "\(entry.key(row)): \(path) cannot be read.")
        }
        var secret = Array(bytes)
        while secret.last == 0x0A || secret.last == 0x0D { secret.removeLast() }
        guard !secret.isEmpty else { throw CommandFailure(.configuration, "\(entry.key(row)): \(path) is empty.") }
        return Secret(secret)
    }

    /// The key that a file holds.
    func signingKey(_ entry: Settings.Upstream, _ row: any DescribedKey, _ path: String?) throws(CommandFailure) -> SigningKey {
        let bytes = try secret(entry, row, path)
        do { return try PrivateKeyFile.read(bytes.bytes) } catch {
            throw CommandFailure(.configuration, "\(entry.key(row)): \(path ?? "") holds no key that can be used: \(error).")
        }
    }
}

extension Settings.Upstream {
    fileprivate var request: GrantRequest { GrantRequest(scope: scope ?? "", resources: resource ?? [], audiences: audience ?? []) }
}

/// A source that is made anew for every fetch, from files that somebody may have replaced meanwhile. It keeps the identity that it began with: whose
/// token it is does not change when a secret is rotated.
struct RereadSource: TokenSource {
    let identity: TokenIdentity
    private let make: @Sendable () throws(CommandFailure) -> any TokenSource

    /// - Throws: what keeps the first from being made.
    init<Source: TokenSource>(_ make: @escaping @Sendable () throws(CommandFailure) -> Source) throws(CommandFailure) {
        identity = try make().identity
        self.make = make
    }

    func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        let source: any TokenSource
        do { source = try make() } catch { throw TokenSourceError(.misconfigured(error.message)) }
        return try await source.fetch(fetch)
    }
}
