import TokenCore
import TokenTransport

extension Settings {
    /// What is wrong with tokens that others issue.
    func upstreamRules() -> [Contradiction] {
        upstreams.flatMap { (upstream: Settings.Upstream) -> [Contradiction] in
            let rules: [[Contradiction]] = [
                upstream.missingKeys, upstream.idleKeys, upstream.unsafeAddresses, upstream.twoSecrets, upstream.halfSecrets, upstream.callers,
            ]
            return rules.flatMap { $0 }
        }
    }
}

/// What each source needs and what it heeds: one row a source.
private struct SourceKeys {
    /// Without each of these there is no token.
    let needed: [any DescribedKey]
    /// These change what is asked for.
    let heeded: [any DescribedKey]

    private static let client: [any DescribedKey] = [
        UpstreamKeys.clientID, UpstreamKeys.clientSecret, UpstreamKeys.clientSecretFile, UpstreamKeys.clientAuthentication,
        UpstreamKeys.privateKeyFile, UpstreamKeys.certificate, UpstreamKeys.certificateKey, UpstreamKeys.caFile, UpstreamKeys.dpopKeyFile,
    ]
    private static let asked: [any DescribedKey] = [UpstreamKeys.scope, UpstreamKeys.resource, UpstreamKeys.audience]
    /// What every source has.
    private static let always: [any DescribedKey] = [
        UpstreamKeys.source, UpstreamKeys.allow, UpstreamKeys.refreshAt, UpstreamKeys.refreshEvery, UpstreamKeys.fallbackLifetime,
        UpstreamKeys.timeout, UpstreamKeys.proxyTo,
    ]

    init(of kind: UpstreamSourceKind) {
        let token = UpstreamKeys.tokenURL
        switch kind {
        case .clientCredentials: (needed, heeded) = ([token, UpstreamKeys.clientID], Self.client + Self.asked)
        case .refreshToken:
            (needed, heeded) = ([token, UpstreamKeys.clientID, UpstreamKeys.refreshTokenFile], Self.client + Self.asked)
        case .tokenExchange:
            (needed, heeded) = ([token, UpstreamKeys.subjectTokenFile], Self.client + Self.asked + [UpstreamKeys.subjectTokenType])
        case .jwtBearer:
            (needed, heeded) = (
                [token, UpstreamKeys.privateKeyFile],
                [
                    UpstreamKeys.clientID, UpstreamKeys.issuer, UpstreamKeys.subject, UpstreamKeys.audience, UpstreamKeys.scope,
                    UpstreamKeys.caFile, UpstreamKeys.dpopKeyFile,
                ]
            )
        case .exec: (needed, heeded) = ([UpstreamKeys.command], [])
        case .file: (needed, heeded) = ([UpstreamKeys.path], [])
        case .mintmark:
            (needed, heeded) = (
                [UpstreamKeys.url],
                [
                    UpstreamKeys.clientID, UpstreamKeys.clientSecret, UpstreamKeys.clientSecretFile, UpstreamKeys.upstream, UpstreamKeys.caFile,
                ]
            )
        }
    }

    /// Whether a key, without its entry's name, means something to this source.
    func heeds(_ rest: String) -> Bool { (needed + heeded + Self.always).contains { $0.rest == rest } }
}

extension DescribedKey {
    /// The name without `upstreams.NAME.`.
    fileprivate var rest: String { String(name.dropFirst("upstreams.NAME.".count)) }
}

extension Settings.Upstream {
    private var keys: SourceKeys { SourceKeys(of: source) }

    fileprivate var missingKeys: [Contradiction] {
        var missing = keys.needed.filter { !named.contains($0.rest) }.map { row in
            Contradiction(
                keys: [key(row), key(UpstreamKeys.source)], reason: "A source of \(source.rawValue) brings no token without it.",
                fix: "Set \(key(row)).")
        }
        if needsSecret, credentials.isEmpty {
            missing.append(
                Contradiction(
                    keys: [key(UpstreamKeys.clientSecretFile), key(UpstreamKeys.source)],
                    reason: "A client without a secret or a key cannot say who it is.",
                    fix: "Set \(key(UpstreamKeys.clientSecretFile))"
                        + (source == .mintmark
                            ? "." : ", or \(key(UpstreamKeys.privateKeyFile)), or \(key(UpstreamKeys.certificate)) and its key.")))
        }
        return missing
    }

    /// Another Mintmark may let this machine in, or know it as a client.
    private var needsSecret: Bool { source == .clientCredentials || source == .mintmark && clientID != nil }

    fileprivate var idleKeys: [Contradiction] {
        named.filter { !keys.heeds($0) }.sorted().map { rest in
            Contradiction(
                keys: ["\(UpstreamKeys.section).\(name).\(rest)", key(UpstreamKeys.source)],
                reason: "A source of \(source.rawValue) does not heed it.", fix: "Remove it, or choose another source.")
        }
    }

    fileprivate var twoSecrets: [Contradiction] {
        var found: [Contradiction] = []
        if credentials.count > 1 {
            found.append(
                Contradiction(
                    keys: credentials.map { key($0.row) },
                    reason: "A client proves who it is in one way (RFC 6749 section 2.3).",
                    fix: "Keep one of them."))
        }
        if refreshAt != nil, refreshEvery != nil {
            found.append(
                Contradiction(
                    keys: [key(UpstreamKeys.refreshEvery), key(UpstreamKeys.refreshAt)],
                    reason: "A fixed interval heeds no lifetime, and refresh_at would do nothing.", fix: "Keep one of them."))
        }
        return found
    }

    /// With what the client proves who it is, in each of the ways that somebody wrote.
    private var credentials: [(row: any DescribedKey, ways: [UpstreamClientAuthentication])] {
        let written: [(any DescribedKey, Bool, [UpstreamClientAuthentication])] = [
            (UpstreamKeys.clientSecret, clientSecret != nil, [.basic, .post]),
            (UpstreamKeys.clientSecretFile, clientSecretFile != nil, [.basic, .post]),
            (UpstreamKeys.privateKeyFile, privateKeyFile != nil && source != .jwtBearer, [.privateKeyJWT]),
            (UpstreamKeys.certificate, certificate != nil, [.tls]),
        ]
        return written.filter { $0.1 && keys.heeds($0.0.rest) }.map { ($0.0, $0.2) }
    }

    /// What was said by one key and lacks another.
    fileprivate var halfSecrets: [Contradiction] {
        let pairs: [(present: any DescribedKey, missing: any DescribedKey, isHalf: Bool, reason: String)] = [
            (
                UpstreamKeys.certificate, UpstreamKeys.certificateKey, certificate != nil && certificateKey == nil,
                "A certificate proves nothing without its key."
            ),
            (
                UpstreamKeys.certificateKey, UpstreamKeys.certificate, certificate == nil && certificateKey != nil,
                "A key alone shows nobody whose it is."
            ),
            (
                UpstreamKeys.dpopKeyFile, UpstreamKeys.proxyTo, dpopKeyFile != nil && proxyTo == nil,
                "A token that is bound to a key is accepted with a proof by that key, and only the proxy can make it: the key stays here."
            ),
        ]
        let found = pairs.filter { $0.isHalf && keys.heeds($0.present.rest) }.map { half($0.present, without: $0.missing, $0.reason) }
        return found + [unprovable].compactMap(\.self)
    }

    /// A way to prove it that was named, and nothing to prove it with.
    private var unprovable: Contradiction? {
        guard let way = clientAuthentication, !(credentials.isEmpty && needsSecret), !credentials.contains(where: { $0.ways.contains(way) }),
            keys.heeds(UpstreamKeys.clientAuthentication.rest)
        else { return nil }
        let needed: any DescribedKey =
            switch way {
            case .basic, .post: UpstreamKeys.clientSecretFile
            case .privateKeyJWT: UpstreamKeys.privateKeyFile
            case .tls: UpstreamKeys.certificate
            }
        return half(UpstreamKeys.clientAuthentication, without: needed, "There is nothing to prove it with by \(way.rawValue).")
    }

    private func half(_ present: any DescribedKey, without missing: any DescribedKey, _ reason: String) -> Contradiction {
        Contradiction(keys: [key(missing), key(present)], reason: reason, fix: "Set \(key(missing)), or remove \(key(present)).")
    }

    /// A certificate is shown within TLS.
    private var unshownCertificate: Contradiction? {
        guard certificate != nil, let tokenURL, let address = try? WebURL(tokenURL), !address.isSecure else { return nil }
        return Contradiction(
            keys: [key(UpstreamKeys.certificate), key(UpstreamKeys.tokenURL)], reason: "A certificate is shown over https alone.",
            fix: "Use https in \(key(UpstreamKeys.tokenURL)).")
    }

    /// A secret and a token cross no network in the clear.
    fileprivate var unsafeAddresses: [Contradiction] {
        let written: [(any DescribedKey, String?)] = [
            (UpstreamKeys.tokenURL, tokenURL), (UpstreamKeys.url, url), (UpstreamKeys.proxyTo, proxyTo),
        ]
        return [unshownCertificate].compactMap(\.self)
            + written.compactMap { row, text in
                guard let text, let address = try? WebURL(text), !address.isSecure, !address.isLoopback else { return nil }
                return Contradiction(
                    keys: [key(row)], reason: "Secrets and tokens would cross the network in the clear on the way to \(address.host).",
                    fix: "Use https; http is for this machine: 127.0.0.1, [::1] or localhost.")
            }
    }

    fileprivate var callers: [Contradiction] {
        let narrowed = allow.contains { $0.scope != nil }
        guard narrowed, ![.clientCredentials, .tokenExchange, .jwtBearer].contains(source) else { return [] }
        let reason =
            source == .refreshToken
            ? "Each scope would be a session of its own, and all of them would present the one refresh token, which ends the grant where it rotates."
            : "A source of \(source.rawValue) has one token and asks for no scope, so that a caller cannot be given a narrower one."
        return [
            Contradiction(
                keys: [key(UpstreamKeys.allow), key(UpstreamKeys.source)], reason: reason,
                fix: "Remove the scopes from \(key(UpstreamKeys.allow)), or make an upstream of its own for that caller.")
        ]
    }
}

extension WebURL {
    /// Whether only this machine answers there.
    var isLoopback: Bool { host == "localhost" || IPAddress(host)?.isLoopback ?? false }
}
