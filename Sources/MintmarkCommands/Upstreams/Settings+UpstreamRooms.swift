import Logging
import TokenClient
import TokenCore
import TokenHTTP

extension Settings {
    /// Tokens that others issue, each with its managers; nothing is fetched yet. Nil where the configuration names none.
    ///
    /// - Parameter vault: must be there where a source has a refresh token.
    /// - Throws: what is wrong with what an entry names.
    func upstreams(from surroundings: Surroundings, keptIn vault: UpstreamVault?) throws(CommandFailure) -> Upstreams? {
        guard !upstreams.isEmpty else { return nil }
        let sources = UpstreamSources(surroundings: surroundings, vault: vault)
        var all: [TokenHTTP.Upstream] = []
        for entry in upstreams { all.append(try entry.upstream(sources)) }
        return Upstreams(all)
    }
}

extension Settings.Upstream {
    fileprivate func upstream(_ sources: UpstreamSources) throws(CommandFailure) -> TokenHTTP.Upstream {
        // One registry an upstream: whoever asks for another scope asks for another identity, and two with the same scope share.
        let registry = TokenManagers(name: name, most: 1 + allow.count, policy: policy)
        let binding = try sources.binding(of: self)
        let own = try manager(registry, try sources.make(self, binding))
        var rules: [UpstreamRule] = []
        for allowance in allow {
            let manager = try allowance.scope.map { scope throws(CommandFailure) in
                try self.manager(registry, try sources.make(self, binding, scope: scope))
            }
            rules.append(UpstreamRule(allowance.caller.asCaller, gets: manager ?? own))
        }
        return TokenHTTP.Upstream(
            name: name, source: source.rawValue, manager: own, rules: rules, isBound: binding.prover != nil,
            proxy: try proxy(binding))
    }

    private func proxy(_ binding: UpstreamBinding) throws(CommandFailure) -> UpstreamProxyPlace? {
        guard let proxyTo else { return nil }
        do { return UpstreamProxyPlace(base: proxyTo, forwarder: try Forwarder(binding)) } catch {
            throw CommandFailure(.configuration, "\(key(UpstreamKeys.certificate)): \(error)")
        }
    }

    private func manager(_ registry: TokenManagers, _ source: any TokenSource) throws(CommandFailure) -> TokenManager {
        do { return try registry.manager(for: source) } catch {
            preconditionFailure("a registry of \(registry.most) is full for \(allow.count) callers of \(name)")
        }
    }

    /// How its tokens are kept fresh.
    var policy: UpstreamPolicy {
        var policy = UpstreamPolicy()
        if let refreshEvery { policy.refresh = .every(refreshEvery) }
        if let refreshAt { policy.refresh = .ahead(at: Double(refreshAt) / 100, jitter: min(0.1, Double(refreshAt) / 100 - 0.1)) }
        if let fallbackLifetime { policy.fallbackLifetime = fallbackLifetime }
        if let timeout { policy.fetchTimeout = timeout }
        // As many as there can be connections: each waits on one.
        policy.mostWaiters = Limits().connections
        return policy
    }
}

extension UpstreamAllowance.Caller {
    fileprivate var asCaller: UpstreamCaller {
        switch self {
        case .client(let name): .client(name)
        case .loopback: .loopback
        case .user(let number): .user(number)
        }
    }
}
