import TokenCore

// MARK: - Who may log in

extension Settings {
    func loginRules() -> [Contradiction] {
        var found: [Contradiction] = []
        if login.require == .none, !server.listener.isLoopback || !server.trustedProxies.isEmpty {
            found.append(
                Contradiction(
                    keys: [Keys.loginRequire.name, Keys.serverHost.name],
                    reason: "Anyone who reaches the listener could log in as anyone.",
                    fix:
                        "Set login.require to client, or to loopback with login.allow_from, or listen on 127.0.0.1 without proxies."
                ))
        }
        if login.require != .loopback, !login.allowFrom.isEmpty {
            found.append(
                Contradiction(
                    keys: [Keys.loginAllowFrom.name, Keys.loginRequire.name],
                    reason: "login.allow_from widens 'loopback' and does nothing beside '\(login.require.rawValue)'.",
                    fix: "Remove login.allow_from, or set login.require to loopback."))
        }
        if login.require == .loopback, !login.allowFrom.isEmpty, server.listener.isLoopback {
            found.append(
                Contradiction(
                    keys: [Keys.loginAllowFrom.name, Keys.serverHost.name],
                    reason: "Nobody in login.allow_from can connect: the listener is on \(server.listener.host), which only this machine reaches.",
                    fix: "Set server.host to an address of that network, or remove login.allow_from."))
        }
        for range in login.allowFrom where !Self.privateNetworks.contains(where: { $0.contains(range) }) {
            found.append(
                Contradiction(
                    keys: [Keys.loginAllowFrom.name],
                    reason: "\(range) has public addresses, and whoever has one could log in as anyone.",
                    fix: "Name private networks only, and set login.require to client for callers elsewhere."))
        }
        return found
    }

    /// Loopback, private use (RFC 1918), shared (RFC 6598), link-local (RFC 3927, RFC 4291) and unique local (RFC 4193).
    private static let privateNetworks = [
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
        "::1", "fc00::/7", "fe80::/10",
    ].compactMap { try? AddressRange($0) }
}

// MARK: - How long things live

extension Settings {
    func lifetimes() -> [Contradiction] {
        let access = (key: Keys.accessLifetime.name, value: auth.accessLifetime)
        let refresh = (key: Keys.refreshLifetime.name, value: auth.refreshLifetime)
        let grace = (key: Keys.refreshGrace.name, value: auth.refreshGrace)
        var found = [
            longer(access, than: refresh, "An access token would outlive its session."),
            longer(
                grace, than: access,
                "A refresh token already used would be answered for longer than the token it bought lives."),
            longer(grace, than: refresh, "A refresh token already used would be answered after its session is over."),
            longer((Keys.leeway.name, auth.leeway), than: access, "An expired access token would live a second life."),
        ]
        if let limit = auth.autoLogout {
            let autoLogout = (key: Keys.autoLogout.name, value: limit)
            found += [
                longer(autoLogout, than: refresh, "The session ends before inactivity could end it."),
                longer(
                    grace, than: autoLogout,
                    "A refresh token already used would be answered after inactivity ended its session."),
                longer(
                    (Keys.leeway.name, auth.leeway), than: autoLogout,
                    "An access token, which lives no longer than auth.auto_logout, would live a second life."),
            ]
        }
        return found.compactMap(\.self)
    }

    private func longer(
        _ first: (key: String, value: Duration), than second: (key: String, value: Duration), _ reason: String
    ) -> Contradiction? {
        guard first.value > second.value else { return nil }
        return Contradiction(
            keys: [first.key, second.key], reason: reason,
            fix:
                "Set \(first.key) to \(GoDuration.write(second.value)) or less, or \(second.key) to \(GoDuration.write(first.value)) or more."
        )
    }
}

// MARK: - The pool default

extension Settings {
    func poolRules() -> [Contradiction] {
        guard let limit = pools.keepAliveLimit else { return [] }
        let end = (key: Keys.poolKeepAliveLimit.name, value: limit)
        return [
            longer((Keys.poolLifetime.name, pools.lifetime), than: end, "A token would be deleted while somebody has it."),
            longer((Keys.poolUnblockLifetime.name, pools.unblockLifetime), than: end, "A token would be deleted while it rests."),
        ].compactMap(\.self)
    }
}

// MARK: - Keys and seal

extension Settings {
    func keyRules(workingDirectory: String) -> [Contradiction] {
        var found: [Contradiction] = []
        if keys.publishAhead >= keys.rotateEvery {
            found.append(
                Contradiction(
                    keys: [Keys.publishAhead.name, Keys.rotateEvery.name],
                    reason: "A key would have to be published before the key before it signs.",
                    fix: "Set keys.publish_ahead to less than \(GoDuration.write(keys.rotateEvery))."))
        }
        if Paths.isInside(keys.sealFile, folder: store.path, workingDirectory: workingDirectory) {
            found.append(
                Contradiction(
                    keys: [Keys.sealFile.name, Keys.storePath.name],
                    reason: "The seal lies in the folder that it seals, so that a copy of the folder opens everything.",
                    fix:
                        "Keep it elsewhere: the default is \(Paths.withoutTrailingSlashes(store.path)).seal, beside the folder."
                ))
        }
        return found
    }
}
