import FoundationEssentials
import TokenCore
import TokenHTTP

extension Settings {
    /// What the core is told.
    var policy: SessionPolicy {
        SessionPolicy(
            accessLifetime: auth.accessLifetime, refreshLifetime: auth.refreshLifetime, autoLogout: auth.autoLogout,
            refreshGrace: auth.refreshGrace, leeway: auth.leeway, maxPerSubject: sessions.maxPerSubject ?? 0)
    }

    /// What the key keeper is told.
    var keyPolicy: KeyPolicy {
        KeyPolicy(
            algorithm: auth.algorithm.rawValue, rotateEvery: keys.rotateEvery, publishAhead: keys.publishAhead,
            accessLifetime: auth.accessLifetime, leeway: auth.leeway, refreshLifetime: auth.refreshLifetime)
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

    /// The secret of legacy tokens: the bytes of the file without a line end behind them.
    private var legacySecret: Secret? {
        get throws(CommandFailure) {
            guard let path = auth.legacyHS256 else { return nil }
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw CommandFailure(.configuration, "auth.legacy_hs256 names a file that cannot be read.")
            }
            let secret = Array(bytes).reversed().drop { $0 == 0x0a || $0 == 0x0d }.reversed()
            guard secret.count >= 32 else { throw CommandFailure(.configuration, "the secret of auth.legacy_hs256 has fewer than 32 bytes.") }
            return Secret(Array(secret))
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
