import TokenCore
import TokenHTTP

extension Settings {
    /// What the core is told.
    var policy: SessionPolicy {
        SessionPolicy(
            accessLifetime: auth.accessLifetime, refreshLifetime: auth.refreshLifetime, autoLogout: auth.autoLogout,
            refreshGrace: auth.refreshGrace, maxPerSubject: sessions.maxPerSubject ?? 0)
    }

    /// What the key keeper is told.
    var keyPolicy: KeyPolicy {
        KeyPolicy(
            algorithm: auth.algorithm.rawValue, rotateEvery: keys.rotateEvery, publishAhead: keys.publishAhead,
            accessLifetime: auth.accessLifetime, refreshLifetime: auth.refreshLifetime)
    }

    /// What the server is told.
    func server(adminToken: Secret) throws -> TokenServer.Configuration {
        TokenServer.Configuration(
            address: .init(host: server.listener.host, port: server.listener.port),
            tls: server.tls.map { .init(certificate: $0.certificate, key: $0.key) },
            admin: .init(host: admin.host, port: admin.port), adminToken: adminToken,
            metrics: metrics.map { .init(host: $0.host, port: $0.port) }, login: loginRequirement, trustedProxies: server.trustedProxies,
            leeway: auth.leeway, legacySecret: try legacySecret, loops: server.maxProcessors == 0 ? nil : server.maxProcessors)
    }

    /// The secret of legacy tokens.
    private var legacySecret: Secret? {
        get throws(CommandFailure) {
            guard let path = auth.legacyHS256 else { return nil }
            do { return try LegacySecretFile.read(path) } catch {
                throw CommandFailure(.configuration, "the file that auth.legacy_hs256 names \(error.reason).")
            }
        }
    }

    private var loginRequirement: TokenHTTP.LoginRequirement {
        switch login.require {
        case .loopback: .loopback(alsoFrom: login.allowFrom)
        case .client: .client
        case .none: .none
        }
    }
}
