import Testing
import TokenCore

@testable import MintmarkCommands

/// The named map `upstreams`: how it is read, and what keeps it from being served.
@Suite("Upstreams in the configuration")
struct UpstreamConfigurationTests {
    private func load(_ yaml: String, environment: [String: String] = [:], flags: [String] = []) throws -> LoadedSettings {
        try ConfigurationSources(file: ("m.yaml", yaml), environment: environment, flags: flags).load()
    }

    private func problems(_ yaml: String, environment: [String: String] = [:], flags: [String] = []) -> [String] {
        do throws(ConfigurationError) {
            _ = try ConfigurationSources(file: ("m.yaml", yaml), environment: environment, flags: flags).load()
            return []
        } catch { return error.problems.map(\.description) }
    }

    private static let crm = """
        upstreams:
          crm:
            source: client_credentials
            token_url: https://crm.example/oauth2/token
            client_id: shop
            client_secret: hunter2
            scope: read
            allow: [billing, loopback, {client: reports, scope: read}, "uid:1000"]
          home-tool_2:
            source: exec
            command: [sh, -c, "echo a,b \\\\ c"]

        """

    @Test func namedMapIsReadFromAFile() throws {
        let settings = try load(Self.crm).settings
        let crm = try #require(settings.upstreams.first)
        #expect(settings.upstreams.map(\.name) == ["crm", "home-tool_2"])
        #expect(crm.source == .clientCredentials && crm.tokenURL == "https://crm.example/oauth2/token" && crm.scope == "read")
        #expect(
            crm.allow == [
                .init(caller: .client("billing")), .init(caller: .loopback), .init(caller: .client("reports"), scope: "read"),
                .init(caller: .user(1000)),
            ])
        #expect(settings.upstreams[1].command == ["sh", "-c", #"echo a,b \ c"#])
        #expect(settings.contradictions(workingDirectory: "/").isEmpty)
    }

    @Test func variablesAndFlagsNameEntriesToo() throws {
        let settings = try load(
            Self.crm, environment: ["MINTMARK_UPSTREAMS_CRM_CLIENT_SECRET": "of the environment", "MINTMARK_UPSTREAMS_MY_FILE_SOURCE": "file"],
            flags: ["upstreams.my_file.path=/run/token", "upstreams.crm.allow=a[x y],loopback"]
        ).settings
        #expect(settings.upstreams.map(\.name) == ["crm", "home-tool_2", "my_file"])
        #expect(settings.upstreams[0].clientSecret == HiddenText("of the environment"))
        #expect(settings.upstreams[0].allow == [.init(caller: .client("a"), scope: "x y"), .init(caller: .loopback)])
        #expect(settings.upstreams[2].source == .file && settings.upstreams[2].path == "/run/token")
    }

    /// canon 59.
    @Test func secretsAreNeverShown() async throws {
        let loaded = try load(Self.crm)
        let shown = loaded.entries.filter { $0.name.hasPrefix("upstreams.") }
        #expect(shown.first { $0.name == "upstreams.crm.client_secret" }?.text == "Secret(…)")
        #expect(!"\(loaded)".contains("hunter2"))
        let wrong = problems("upstreams:\n  crm:\n    source: exec\n    client_secret: [a, \"\u{7}hunter2\"]\n")
        #expect(!wrong.isEmpty && !"\(wrong)".contains("hunter2"))
    }

    @Test func unknownKeyNamesTheNearestOne() {
        #expect(
            problems("upstreams:\n  crm:\n    source: exec\n    comand: x\n") == [
                "m.yaml:4: There is no key 'upstreams.crm.comand'; the nearest is 'upstreams.crm.command'."
            ])
        #expect(problems("", flags: ["upstreams.crm.tokenurl=x"]).first?.contains("'upstreams.crm.token_url'") == true)
        #expect(problems("", flags: ["upstreams.c rm.path=x"]).first?.contains("is no name of an upstream") == true)
        #expect(problems("upstreams:\n  crm:\n    proxy:\n      too: x\n").first?.contains("'upstreams.crm.proxy.to'") == true)
    }

    @Test func whatCannotBeReadIsReported() {
        let cases = [
            ("upstreams:\n  crm:\n    path: x\n", "'upstreams.crm.source' is missing"), ("upstreams: 3\n", "is a section"),
            ("upstreams:\n  crm:\n    source: magic\n", "is none of client_credentials"),
            ("upstreams:\n  crm:\n    source: exec\n    allow: [\"uid:x\"]\n", "is not uid: and a number"),
            ("upstreams:\n  crm:\n    source: exec\n    allow: [a, a]\n", "names a caller twice"),
            ("upstreams:\n  crm:\n    source: exec\n    allow: [{client: a, scop: b}]\n", "needs a value"),
            ("upstreams:\n  crm:\n    source: exec\n    allow: [\"a[b\"]\n", "whose scope has no end"),
        ]
        for (yaml, words) in cases { #expect(problems(yaml).first?.contains(words) == true, "\(yaml) \(problems(yaml))") }
    }

    @Test(
        "canon 64: each unsafe or senseless upstream is refused once, with its keys",
        arguments: [
            (["source=client_credentials", "client_id=a", "client_secret=b"], "token_url"),
            (["source=client_credentials", "token_url=https://a.example", "client_secret=b"], "client_id"),
            (["source=client_credentials", "token_url=https://a.example", "client_id=a"], "client_secret_file"),
            (["source=client_credentials", "token_url=http://a.example", "client_id=a", "client_secret=b"], "token_url"),
            (["source=mintmark", "url=https://a.example", "client_id=a", "client_secret=b", "client_secret_file=c"], "client_secret"),
            (["source=refresh_token", "token_url=https://a.example", "client_id=a"], "refresh_token_file"),
            (["source=token_exchange", "token_url=https://a.example"], "subject_token_file"),
            (["source=jwt_bearer", "token_url=https://a.example"], "private_key_file"),
            (["source=exec"], "command"), (["source=file"], "path"), (["source=exec", "command=a", "path=b"], "path"),
            (["source=exec", "command=a", "proxy.to=http://a.example"], "proxy.to"),
            (["source=file", "path=a", "refresh_at=50", "refresh_every=1m"], "refresh_every"),
            (["source=file", "path=a", "allow=billing[read]"], "allow"),
            (["source=mintmark", "url=http://10.0.0.1", "client_id=a", "client_secret=b"], "url"),
            (crmFlags + ["tls.certificate=c"], "tls.key"), (crmFlags + ["client_secret=b", "tls.key=k"], "tls.certificate"),
            (crmFlags + ["client_secret=b", "tls.certificate=c", "tls.key=k"], "client_secret"),
            (crmFlags + ["client_secret=b", "client_auth=tls"], "tls.certificate"), (crmFlags + ["client_auth=tls"], "client_secret_file"),
            (crmFlags + ["private_key_file=k", "client_auth=post"], "client_secret_file"),
            (crmFlags + ["client_secret=b", "client_auth=private_key_jwt"], "private_key_file"),
            (["source=refresh_token", "token_url=https://a.example", "client_id=a", "refresh_token_file=r", "client_auth=tls"], "tls.certificate"),
            (crmFlags + ["token_url=http://127.0.0.1/t", "tls.certificate=c", "tls.key=k"], "tls.certificate"),
            (crmFlags + ["client_secret=b", "dpop_key_file=k"], "proxy.to"),
            (["source=exec", "command=a", "proxy.to=https://a.example", "dpop_key_file=k"], "dpop_key_file"),
            (["source=mintmark", "url=https://a.example", "tls.certificate=c"], "tls.certificate"),
        ])
    func unsafeUpstreamIsRefused(flags: [String], key: String) throws {
        let settings = try ConfigurationSources(flags: flags.map { "upstreams.x.\($0)" }).load().settings
        let found = settings.contradictions(workingDirectory: "/")
        #expect(found.map { $0.keys.first } == ["upstreams.x.\(key)"], "\(found)")
        #expect(found.allSatisfy { $0.reason.hasSuffix(".") && $0.fix.hasSuffix(".") })
    }

    private static let crmFlags = ["source=client_credentials", "token_url=https://a.example/t", "client_id=a"]

    @Test(
        "each way to prove who a client is is taken, by its name or without",
        arguments: [
            ["client_secret=b", "client_auth=post"], ["client_secret_file=b", "client_auth=basic"],
            ["private_key_file=k", "client_auth=private_key_jwt"],
            ["tls.certificate=c", "tls.key=k", "client_auth=tls", "ca_file=r"], ["tls.certificate=c", "tls.key=k"], ["private_key_file=k"],
            ["client_secret=b", "dpop_key_file=k", "proxy.to=https://api.example"],
        ])
    func everyWayToProveItIsTaken(flags: [String]) throws {
        let settings = try ConfigurationSources(flags: (Self.crmFlags + flags).map { "upstreams.x.\($0)" }).load().settings
        #expect(settings.contradictions(workingDirectory: "/").isEmpty, "\(settings.contradictions(workingDirectory: "/"))")
    }

    @Test func keysOfTLSAreASectionAndVariablesToo() throws {
        let yaml = """
            upstreams:
              crm:
                source: client_credentials
                tls:
                  certificate: /etc/crm.pem
                  key: /etc/crm.key
                ca_file: /etc/ca.pem
            """
        let crm = try #require(try load(yaml, environment: ["MINTMARK_UPSTREAMS_CRM_TLS_KEY": "/run/crm.key"]).settings.upstreams.first)
        #expect(crm.certificate == "/etc/crm.pem" && crm.certificateKey == "/run/crm.key" && crm.caFile == "/etc/ca.pem")
        #expect(problems("upstreams:\n  crm:\n    tls:\n      cert: x\n").first?.contains("There is no key 'upstreams.crm.tls.cert'") == true)
    }

    @Test func plainHTTPIsForThisMachine() throws {
        for host in ["127.0.0.1:9000", "[::1]:9000", "localhost"] {
            let flags = ["source=client_credentials", "token_url=http://\(host)/token", "client_id=a", "client_secret=b"]
            let settings = try ConfigurationSources(flags: flags.map { "upstreams.x.\($0)" }).load().settings
            #expect(settings.contradictions(workingDirectory: "/").isEmpty, "\(host)")
        }
    }

    @Test func secretFileThatOthersReadOrThatIsMissingIsRefused() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("secret\n", to: "mine")
        try folder.write("secret\n", to: "everybodys", permissions: 0o644)
        for (file, words) in [("mine", nil), ("everybodys", "chmod 600"), ("none", "cannot be read")] as [(String, String?)] {
            let flags = ["source=client_credentials", "token_url=https://a.example/t", "client_id=a", "client_secret_file=\(file)"]
            let ran = await run(
                ["config", "check"] + flags.flatMap { ["--set", "upstreams.x.\($0)"] }, workingDirectory: folder.path)
            #expect(ran.status == (words == nil ? 0 : 78), "\(ran.output)")
            if let words { #expect(ran.output.contains("upstreams.x.client_secret_file") && ran.output.contains(words), "\(ran.output)") }
        }
        let ran = await run(["config", "check", "--set", "upstreams.x.source=exec", "--set", "upstreams.x.command=no-such-program,a"])
        #expect(ran.status == 78 && ran.output.contains("There is no program 'no-such-program'"))
    }
}
