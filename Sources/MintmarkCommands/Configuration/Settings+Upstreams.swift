import TokenCore

extension Settings {
    /// One entry of `upstreams`: what was said of it, and whether it makes sense is answered by the contradictions.
    struct Upstream: Sendable, Equatable {
        var name: String
        var source: UpstreamSourceKind
        var tokenURL: String?
        var clientID: String?
        var clientSecret: HiddenText?
        var clientSecretFile: String?
        var clientAuthentication: UpstreamClientAuthentication?
        var privateKeyFile: String?
        var certificate: String?
        var certificateKey: String?
        var caFile: String?
        var dpopKeyFile: String?
        var scope: String?
        var resource: [String]?
        var audience: [String]?
        var refreshTokenFile: String?
        var subjectTokenFile: String?
        var subjectTokenType: String?
        var issuer: String?
        var subject: String?
        var command: [String]?
        var path: String?
        var url: String?
        var upstream: String?
        var allow: [UpstreamAllowance]
        var refreshAt: Int?
        var refreshEvery: Duration?
        var fallbackLifetime: Duration?
        var timeout: Duration?
        var proxyTo: String?
        /// Which keys somebody wrote, without the entry's name.
        var named: Set<String>
    }
}

/// A secret that was written into the configuration: never shown.
struct HiddenText: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let secret: Secret

    init(_ text: String) { secret = Secret(Array(text.utf8)) }

    var description: String { secret.description }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }

    static func == (a: HiddenText, b: HiddenText) -> Bool { constantTimeEquals(a.secret.bytes, b.secret.bytes) }
}

extension Settings.Upstream {
    /// Every entry of the map, by name. One without a source is reported and left out.
    static func all(reading reader: inout ValueReader) -> [Settings.Upstream] {
        reader.entries(of: UpstreamKeys.section).compactMap { Settings.Upstream(name: $0, reading: &reader) }
    }

    private init?(name: String, reading reader: inout ValueReader) {
        self.name = name
        let source = reader.optional(UpstreamKeys.source.of(name))
        tokenURL = reader.optional(UpstreamKeys.tokenURL.of(name))
        clientID = reader.optional(UpstreamKeys.clientID.of(name))
        clientSecret = reader.optional(UpstreamKeys.clientSecret.of(name)).map(HiddenText.init)
        clientSecretFile = reader.optional(UpstreamKeys.clientSecretFile.of(name))
        clientAuthentication = reader.optional(UpstreamKeys.clientAuthentication.of(name))
        privateKeyFile = reader.optional(UpstreamKeys.privateKeyFile.of(name))
        certificate = reader.optional(UpstreamKeys.certificate.of(name))
        certificateKey = reader.optional(UpstreamKeys.certificateKey.of(name))
        caFile = reader.optional(UpstreamKeys.caFile.of(name))
        dpopKeyFile = reader.optional(UpstreamKeys.dpopKeyFile.of(name))
        scope = reader.optional(UpstreamKeys.scope.of(name))
        resource = reader.optional(UpstreamKeys.resource.of(name))
        audience = reader.optional(UpstreamKeys.audience.of(name))
        refreshTokenFile = reader.optional(UpstreamKeys.refreshTokenFile.of(name))
        subjectTokenFile = reader.optional(UpstreamKeys.subjectTokenFile.of(name))
        subjectTokenType = reader.optional(UpstreamKeys.subjectTokenType.of(name))
        issuer = reader.optional(UpstreamKeys.issuer.of(name))
        subject = reader.optional(UpstreamKeys.subject.of(name))
        command = reader.optional(UpstreamKeys.command.of(name))
        path = reader.optional(UpstreamKeys.path.of(name))
        url = reader.optional(UpstreamKeys.url.of(name))
        upstream = reader.optional(UpstreamKeys.upstream.of(name))
        allow = reader.optional(UpstreamKeys.allow.of(name)) ?? []
        refreshAt = reader.optional(UpstreamKeys.refreshAt.of(name))
        refreshEvery = reader.optional(UpstreamKeys.refreshEvery.of(name))
        fallbackLifetime = reader.optional(UpstreamKeys.fallbackLifetime.of(name))
        timeout = reader.optional(UpstreamKeys.timeout.of(name))
        proxyTo = reader.optional(UpstreamKeys.proxyTo.of(name))
        let prefix = "\(UpstreamKeys.section).\(name)."
        named = reader.names(below: prefix)
        guard let source else {
            if !named.contains("source") {
                let kinds = UpstreamSourceKind.allCases.map(\.rawValue).joined(separator: ", ")
                reader.report("'\(prefix)source' is missing: one of \(kinds).", near: prefix)
            }
            return nil
        }
        self.source = source
    }

    /// A key of this entry, as it is written.
    func key(_ row: any DescribedKey) -> String { row.name.replacing(".NAME.", with: ".\(name).") }
}
