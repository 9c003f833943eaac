import TokenCore

/// Valid values that do not make sense together, or that are not safe.
struct Contradiction: Sendable, Equatable {
    /// The keys that disagree, the one to change first.
    let keys: [String]
    /// What would go wrong.
    let reason: String
    /// What to write instead.
    let fix: String
}

extension Contradiction: CustomStringConvertible {
    /// The keys, what would go wrong and the fix, as `config check` and a refused start print it.
    var description: String { "\(keys.joined(separator: ", ")): \(reason) \(fix)" }
}

extension Settings {
    /// Everything that keeps these settings from being served; empty if they are sound.
    ///
    /// - Parameter workingDirectory: where relative paths start.
    func contradictions(workingDirectory: String) -> [Contradiction] {
        exposure() + listeners() + loginRules() + lifetimes() + poolRules() + keyRules(workingDirectory: workingDirectory) + storeRules()
            + upstreamRules()
    }
}

// MARK: - What can be reached from elsewhere

extension Settings {
    private func exposure() -> [Contradiction] {
        var found: [Contradiction] = []
        if !server.listener.isLoopback, server.tls == nil, server.trustedProxies.isEmpty {
            found.append(
                Contradiction(
                    keys: [Keys.serverHost.name, Keys.certificate.name, Keys.trustedProxies.name],
                    reason:
                        "The listener can be reached from other machines, and tokens would cross the network in the clear.",
                    fix:
                        "Set server.tls.certificate and server.tls.key, or name the TLS proxy in server.trusted_proxies, or listen on 127.0.0.1."
                ))
        }
        if !admin.isLoopback {
            found.append(
                Contradiction(
                    keys: [Keys.adminHost.name],
                    reason: "The admin credential would cross the network in the clear.",
                    fix:
                        "Keep admin.host on 127.0.0.1 and forward the port with ssh; probes and scrapers have metrics.host."
                ))
        }
        if let everything = server.trustedProxies.first(where: \.isEverything) {
            found.append(
                Contradiction(
                    keys: [Keys.trustedProxies.name],
                    reason: "\(everything) trusts every peer, so that anyone can claim any address.",
                    fix: "Name the addresses of the proxies."))
        }
        if let tls = server.tls, tls.certificate.isEmpty || tls.key.isEmpty {
            found.append(
                Contradiction(
                    keys: [Keys.certificate.name, Keys.certificateKey.name],
                    reason: "TLS needs a certificate and its key, and one of them is not set.",
                    fix: "Set both, or neither."))
        }
        return found
    }

    private func listeners() -> [Contradiction] {
        var named = [(Keys.serverPort.name, server.listener), (Keys.adminPort.name, admin)]
        if let metrics { named.append((Keys.metricsPort.name, metrics)) }
        var found: [Contradiction] = []
        if metrics == nil, metricsHost != Keys.metricsHost.documentedDefault {
            found.append(
                Contradiction(
                    keys: [Keys.metricsHost.name, Keys.metricsPort.name],
                    reason: "metrics.host has no listener while metrics.port is off, and nobody could scrape it.",
                    fix: "Set metrics.port, for instance to 9100, or remove metrics.host."))
        }
        for (index, first) in named.enumerated() {
            for second in named[(index + 1)...] where first.1.collides(with: second.1) {
                found.append(
                    Contradiction(
                        keys: [second.0, first.0],
                        reason: "Both listen on port \(first.1.port).",
                        fix: "Give each listener a port of its own."))
            }
        }
        return found
    }
}

extension Settings.Listener {
    /// True if only this machine can connect.
    var isLoopback: Bool { host == "localhost" || IPAddress(host)?.isLoopback ?? false }

    fileprivate func collides(with other: Self) -> Bool {
        guard port == other.port, port != 0 else { return false }
        if isUnspecified || other.isUnspecified || host == other.host { return true }
        guard let address = IPAddress(host), let otherAddress = IPAddress(other.host) else {
            return isLoopback && other.isLoopback  // a name beside an address: localhost is 127.0.0.1, ::1 or both
        }
        return address == otherAddress
    }

    private var isUnspecified: Bool { IPAddress(host)?.isUnspecified ?? false }
}
