import Logging
import Testing
import TokenCore
import Valkey
import ValkeyStore

@testable import MintmarkCommands

@Suite("Configuration from file, environment and flags")
struct ConfigurationLoadingTests {
    private func load(_ yaml: String? = nil, environment: [String: String] = [:], flags: [String] = []) throws
        -> LoadedSettings
    {
        try ConfigurationSources(file: yaml.map { ("m.yaml", $0) }, environment: environment, flags: flags).load()
    }

    private func problems(_ yaml: String? = nil, environment: [String: String] = [:], flags: [String] = []) -> [String] {
        do {
            _ = try load(yaml, environment: environment, flags: flags)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map(\.description)
        } catch {
            return ["not a ConfigurationError: \(error)"]
        }
    }

    /// The names that services which lend tokens have, in seconds; ours go before them.
    @Test func rulesOfTheUsualPoolAreReadFromTheirOtherNames() throws {
        let others = ["TOKEN_LIFETIME": "30", "TOKEN_UNBLOCK_LIFETIME": "0", "KEEP_ALIVE_LIMIT": "900", "MAX_TOKENS": "7"]
        let settings = try load(environment: others).settings
        #expect(settings.pools == .init(lifetime: .seconds(30), unblockLifetime: .zero, keepAliveLimit: .seconds(900), maxTokens: 7))
        let both = try load(environment: others.merging(["MINTMARK_POOLS_LIFETIME": "2m"]) { $1 })
        #expect(both.settings.pools.lifetime == .seconds(120))
        #expect(try load(environment: ["KEEP_ALIVE_LIMIT": "0", "TOKEN_LIFETIME": ""]).settings.pools.keepAliveLimit == nil)
        for (name, text) in [("TOKEN_LIFETIME", "0"), ("TOKEN_LIFETIME", "-1"), ("TOKEN_LIFETIME", "x"), ("MAX_TOKENS", "0"), ("MAX_TOKENS", "1s")] {
            let found = problems(environment: [name: text])
            #expect(found.count == 1 && found[0].contains(name), "\(name)=\(text): \(found)")
        }
    }

    @Test func defaultsAreThoseOfTheDocumentationAndSound() throws {
        let settings = try load().settings
        #expect(
            settings.server
                == .init(listener: .init(host: "127.0.0.1", port: 8080), maxProcessors: 0, tls: nil, trustedProxies: [])
        )
        #expect(settings.admin == .init(host: "127.0.0.1", port: 8081))
        #expect(settings.metrics == nil)
        #expect(settings.logging == .init(mode: .text, level: .info))
        #expect(
            settings.auth
                == .init(
                    issuer: "http://localhost:8080", isIssuerNamed: false, audience: "http://localhost:8080", algorithm: .es256,
                    accessLifetime: .seconds(900),
                    refreshLifetime: .hours(720), autoLogout: nil, refreshGrace: .seconds(30), leeway: .seconds(5),
                    legacyHS256: nil, maxStaleness: .seconds(30), whenStale: .deny))
        #expect(settings.sessions.maxPerSubject == nil)
        #expect(settings.login == .init(require: .loopback, allowFrom: []))
        #expect(
            settings.pools
                == .init(lifetime: .seconds(60), unblockLifetime: .seconds(120), keepAliveLimit: .seconds(300), maxTokens: 10_000))
        #expect(settings.store == .init(path: "./mintmark-data", shared: nil, idleKeys: []))
        #expect(settings.adminTokenFile == "./mintmark-data/admin.token")
        #expect(settings.events == .init(sink: .none, retain: .hours(24)))
        #expect(
            settings.keys == .init(rotateEvery: .hours(720), publishAhead: .hours(1), sealFile: "./mintmark-data.seal", isSealFileNamed: false))
        #expect(settings.contradictions(workingDirectory: "/srv").isEmpty)
    }

    @Test func everyKeyOfTheTableIsReadExactlyOnceAndInOrder() throws {
        #expect(try load().entries.map(\.name) == Keys.all.map(\.name))
    }

    @Test func flagBeatsEnvironmentBeatsFileBeatsDefault() throws {
        let yaml = "server:\n  port: 1\nadmin: {port: 1, host: '::1'}\nauth.leeway: 1s"
        let environment = ["MINTMARK_SERVER_PORT": "2", "MINTMARK_ADMIN_PORT": "2"]
        let loaded = try load(yaml, environment: environment, flags: ["server.port=4", "server.port=3"])
        #expect(loaded.settings.server.listener.port == 3)
        #expect(loaded.settings.admin == .init(host: "::1", port: 2))
        #expect(loaded.settings.auth.leeway == .seconds(1))
        let origins = Dictionary(uniqueKeysWithValues: loaded.entries.map { ($0.name, $0.origin) })
        #expect(origins["server.port"] == .flag)
        #expect(origins["admin.port"] == .environment(name: "MINTMARK_ADMIN_PORT"))
        #expect(origins["admin.host"] == .file(path: "m.yaml", line: 3))
        #expect(origins["auth.leeway"] == .file(path: "m.yaml", line: 4))
        #expect(origins["login.require"] == .default)
    }

    @Test func listIsASequenceInAFileAndCommasElsewhere() throws {
        let ranges = try [AddressRange("10.0.0.0/8"), AddressRange("fd00::/8")]
        #expect(try load("login: {allow_from: [10.0.0.0/8, 'fd00::/8']}").settings.login.allowFrom == ranges)
        #expect(try load("login:\n  allow_from:\n    - 10.0.0.0/8\n    - fd00::/8").settings.login.allowFrom == ranges)
        #expect(try load(flags: ["login.allow_from=10.0.0.0/8, fd00::/8"]).settings.login.allowFrom == ranges)
        #expect(
            try load(environment: ["MINTMARK_LOGIN_ALLOW_FROM": "10.0.0.0/8,fd00::/8"]).settings.login.allowFrom
                == ranges)
        #expect(try load("login: {allow_from: []}").settings.login.allowFrom == [])
    }

    @Test func issuerAudienceAndSealFollowTheValuesTheyAreMadeFrom() throws {
        let port = try load(flags: ["server.port=9000", "store.path=/var/lib/m/"]).settings
        #expect(port.auth.issuer == "http://localhost:9000")
        #expect(port.auth.audience == "http://localhost:9000")
        #expect(port.keys.sealFile == "/var/lib/m.seal")
        let tls = try load(flags: ["server.tls.certificate=c", "server.tls.key=k", "server.port=0"]).settings
        #expect(tls.auth.issuer == "https://localhost")
        let named = try load(flags: ["auth.issuer=https://id.example", "keys.seal_file=/etc/seal"]).settings
        #expect(named.auth.audience == "https://id.example")
        #expect(named.keys.sealFile == "/etc/seal")
    }

    @Test func zeroOffAndEmptyTurnThingsOff() throws {
        let settings = try load(flags: [
            "auth.auto_logout=0", "sessions.max_per_subject=0", "metrics.port=off", "events.file=",
        ]).settings
        #expect(settings.auth.autoLogout == nil && settings.sessions.maxPerSubject == nil)
        #expect(settings.metrics == nil && settings.events.sink == .none)
        let on = try load(flags: [
            "auth.auto_logout=30m", "sessions.max_per_subject=1", "metrics.port=0", "events.file=-",
        ]).settings
        #expect(on.auth.autoLogout == .seconds(1800) && on.sessions.maxPerSubject == 1)
        #expect(on.metrics == .init(host: "127.0.0.1", port: 0) && on.events.sink == .standardOutput)
        #expect(try load(flags: ["events.file=/var/log/e"]).settings.events.sink == .file(path: "/var/log/e"))
    }

    @Test func logLevelIsHonouredBelowOurOwnVariableAndAboveTheFile() throws {
        let yaml = "logging: {level: error}"
        #expect(try load(yaml, environment: ["LOG_LEVEL": "DEBUG"]).settings.logging.level == .debug)
        #expect(try load(yaml, environment: ["LOG_LEVEL": "warn"]).settings.logging.level == .warning)
        #expect(try load(yaml, environment: ["LOG_LEVEL": ""]).settings.logging.level == .error)
        let both = ["LOG_LEVEL": "debug", "MINTMARK_LOGGING_LEVEL": "trace"]
        #expect(try load(yaml, environment: both).settings.logging.level == .trace)
    }

    @Test(arguments: [
        ("server.prot", "server.port"), ("sever.port", "server.port"), ("rotate_every", "keys.rotate_every"),
        ("auth.acess_lifetime", "auth.access_lifetime"), ("auth.refresh_lifetiem", "auth.refresh_lifetime"),
        ("port", "server.port"),
        ("login.allowfrom", "login.allow_from"), ("Server.Port", "server.port"),
    ])
    func unknownKeyNamesTheNearest(written: String, meant: String) {
        let answer = "There is no key '\(written)'; the nearest is '\(meant)'."
        #expect(problems(flags: ["\(written)=1"]) == ["--set: \(answer)"])
        #expect(problems("# a comment\n\(written): 1") == ["m.yaml:2: \(answer)"])
    }

    @Test func unknownVariableNamesTheNearest() {
        #expect(
            problems(environment: ["MINTMARK_SERVER_PROT": "1"]) == [
                "environment MINTMARK_SERVER_PROT: There is no such variable; the nearest is MINTMARK_SERVER_PORT."
            ])
    }

    @Test func whatOthersCallTheStoreIsAnsweredWithItsKey() {
        for answer in [
            problems(flags: ["cache.host=x"]), problems("cache:\n  host: x"), problems("redis: x"), problems(flags: ["redis.address=x"]),
            problems(flags: ["valkey.url=x"]), problems(environment: ["MINTMARK_CACHE_HOST": "x"]),
            problems(environment: ["MINTMARK_REDIS_ADDRESS": "x"]),
        ] {
            #expect(answer.count == 1)
            #expect(answer.first?.contains("is `store.url`") == true, "\(answer)")
        }
    }

    @Test func theVariableThatOtherProgramsReadNamesTheStoreToo() throws {
        let other = ["REDIS_URL": "redis://a:1"]
        #expect(try load(environment: other).settings.store.shared?.url.addresses.map(\.description) == ["a:1"])
        let both = other.merging(["MINTMARK_STORE_URL": "valkey://b:2,c:3"]) { $1 }
        let shared = try load(environment: both).settings.store.shared
        #expect(shared?.url.addresses.map(\.description) == ["b:2", "c:3"] && shared?.url.isCluster == true)
        #expect(shared?.partitions == 64 && shared?.acknowledge == .memory && shared?.authorityFile == nil)
    }

    @Test func aStoreIsNeverPrintedAndNeitherIsWhatIsWrongWithIt() throws {
        let loaded = try load(flags: ["store.url=valkey://user:hush@a"])
        #expect(loaded.entries.first { $0.name == "store.url" }?.text == "Secret(…)")
        // A slash or a question mark in a password that is not encoded makes something else of its pieces.
        for text in ["valky://user:hush@a", "hush", "valkey://user:1/hush@a", "valkey://user:hush/2@a", "valkey://user:1?hush@a", "valkey://a/hush"] {
            let answer = problems(flags: ["store.url=\(text)"])
            #expect(answer.count == 1 && answer[0].contains("is not the URL of a store") && !answer[0].contains("hush"), "\(answer)")
        }
    }

    @Test func replicasAreOneWhereOneIsNeeded() throws {
        func acknowledge(_ flags: String...) throws -> Acknowledge? {
            try load(flags: flags + ["store.url=valkey://a"]).settings.store.shared?.acknowledge
        }
        #expect(try acknowledge("store.acknowledge=replicated") == .replicated(replicas: 1, timeout: .seconds(1)))
        #expect(try acknowledge("store.acknowledge=fsynced") == .fsynced(replicas: 0, timeout: .seconds(1)))
        #expect(
            try acknowledge("store.acknowledge=fsynced", "store.replicas=2", "store.acknowledge_timeout=3s")
                == .fsynced(replicas: 2, timeout: .seconds(3)))
    }

    @Test(arguments: ["bogus", "x", "a.b", "tokens.secret", "database.host_name_of_the_replica"])
    func nothingIsNamedThatIsNotNear(written: String) {
        let answer = "There is no key '\(written)': `mintmark config show` lists them all."
        #expect(problems(flags: ["\(written)=1"]) == ["--set: \(answer)"])
        let variable = "MINTMARK_" + written.uppercased().replacing(".", with: "_")
        #expect(
            problems(environment: [variable: "1"]) == [
                "environment \(variable): There is no such variable: docs/configuration.md has them all."
            ])
    }

    @Test func variablesOfKubernetesAndOfTheBuildAreNotOurs() {
        let foreign = [
            "MINTMARK_SERVICE_HOST": "10.0.0.1", "MINTMARK_SERVICE_PORT_HTTP": "80",
            "MINTMARK_PORT": "tcp://10.0.0.1:80",
            "MINTMARK_PORT_80_TCP_ADDR": "10.0.0.1", "MINTMARK_SLICE": "core", "PATH": "/bin",
            "mintmark_server_port": "x",
        ]
        #expect(problems(environment: foreign) == [])
    }

    @Test func everyProblemOfEverySourceIsReportedAtOnce() {
        let found = problems(
            "server: {port: many}\nlogn: {}", environment: ["MINTMARK_X": "1"],
            flags: ["auth.leeway=2m", "auth.leeway", "a.b=c"])
        #expect(found.count == 6)
        #expect(found.contains { $0.hasPrefix("m.yaml:2:") })
        #expect(found.contains { $0.hasPrefix("environment MINTMARK_X:") })
        #expect(found.contains { $0 == "--set: 'auth.leeway' is not of the form key=value." })
    }

    @Test func unknownKeysHideNoBadValues() {
        let found = problems(
            """
            a: 1
            b: 2
            server:
              c: 3
              port: many
            auth:
              d: 4
              leeway: 2m
              algorithm: none
            e: 5
            login: {require: maybe}
            """)
        let lines = found.map { $0.prefix { $0 != " " } }
        #expect(
            lines == [
                "m.yaml:1:", "m.yaml:2:", "m.yaml:4:", "m.yaml:7:", "m.yaml:10:", "m.yaml:5:", "m.yaml:9:", "m.yaml:8:", "m.yaml:11:",
            ])
    }

    @Test(arguments: [
        ("server:\n  port: 1\n\nadmin:\n  port: 2\n  port: 3", 5...6), ("server:\n  port: 1\n\t- x", 3...3), ("a: 1\nb: [1", 2...3),
        ("server: {}\n---\nadmin: {}", 2...3), ("a: 1\nb: *nobody", 2...2), ("a: 1\nb: \u{1}", 2...2),
    ])
    func textThatIsNoYAMLIsReportedAtItsLine(yaml: String, lines: ClosedRange<Int>) {
        let found = problems(yaml)
        #expect(found.count == 1)
        #expect(lines.contains { found.first?.hasPrefix("m.yaml:\($0): ") == true }, "\(found)")
        #expect(found.first?.contains("\n") == false)
    }

    @Test(arguments: [
        "tokens.example.com", "ftp://x", "https://", "https:///path", "https://a b", "//x", "https://x?tenant=1", "https://x#y", "urn:x",
    ])
    func issuerIsAnAbsoluteURL(issuer: String) {
        let found = problems(flags: ["auth.issuer=\(issuer)"])
        #expect(found.count == 1 && found.first?.contains("is not an absolute http or https URL") == true, "\(found)")
    }

    @Test(arguments: ["https://tokens.example.com", "http://localhost:8080", "https://x.example/tenant/", "http://[::1]:8080"])
    func issuerIsKeptByteForByte(issuer: String) throws {
        #expect(try load(flags: ["auth.issuer=\(issuer)"]).settings.auth.issuer == issuer)
    }

    @Test(arguments: [
        ("server.port=65536", "is not in 0-65535"), ("server.port=-1", "is not in 0-65535"),
        ("server.port=080", "is not a decimal number"),
        ("server.port=+80", "is not a decimal number"), ("server.port=", "is not a decimal number"),
        ("metrics.port=on", "is not a decimal number"),
        ("auth.leeway=61s", "is not in 0-1m"), ("auth.access_lifetime=25h", "is not in 1s-24h"),
        ("auth.access_lifetime=900", "is not a duration"),
        ("auth.algorithm=HS256", "is none of ES256, ES384"), ("auth.algorithm=none", "is none of"),
        ("login.require=Loopback", "is none of loopback, client, none"),
        ("login.allow_from=10.1.2.3/8", "write 10.0.0.0/8"), ("login.allow_from=ten", "is not an address"),
        ("login.allow_from=10.0.0.0/40", "whose prefix"),
        ("auth.issuer=", "is empty"), ("store.path=", "is empty"), ("auth.issuer=a\u{7}b", "control character"),
        ("sessions.max_per_subject=1e3", "is not a decimal"),
    ])
    func valueOutOfItsKindIsRefusedWithTheReason(flag: String, reason: String) {
        let found = problems(flags: [flag])
        #expect(found.count == 1)
        #expect(found.first?.contains(reason) == true, "\(found)")
    }

    @Test(arguments: [
        ("server: 5", "'server' is a section"), ("[1]", "not a mapping"), ("server: {port: {a: 1}}", "needs a value"),
        ("server: {port: }", "needs a value"),
        ("server: {port: ~}", "needs a value"), ("server: {port: 1}\nserver.port: 2", "set twice"),
        ("server: {port: 1, port: 2}", "duplicate"),
        ("server:\n\t- x", "not YAML"), ("a: &a [*a]", "not YAML"), ("login: {allow_from: [[1]]}", "needs a value"),
        ("{[1]: 2}", "A key is a word"),
        ("server: {port: 1}\n---\nadmin: {port: 2}", "not YAML"),
    ])
    func fileThatIsNotOursIsRefused(yaml: String, reason: String) {
        let found = problems(yaml)
        #expect(found.count == 1)
        #expect(found.first?.contains(reason) == true, "\(found)")
    }

    @Test(arguments: ["", "# nothing", "server:\n#  port: 1\n", "---\n"])
    func fileThatSaysNothingIsTheDefaults(yaml: String) throws {
        #expect(try load(yaml).settings == load().settings)
    }

    @Test func aliasesThatMultiplyAreNotFollowedIntoUnknownSections() {
        var yaml = "a0: &a0 [x, x]\n"
        for level in 1...60 { yaml += "a\(level): &a\(level) {l: *a\(level - 1), r: *a\(level - 1)}\n" }
        #expect(problems(yaml).count == 61)
    }

    @Test func secretIsNeverShownNorEchoed() throws {
        let loaded = try load(flags: ["auth.legacy_hs256=hunter2hunter2"])
        #expect(loaded.settings.auth.legacyHS256 == "hunter2hunter2")
        #expect(loaded.entries.first { $0.name == "auth.legacy_hs256" }?.text == "Secret(…)")
        #expect(try load().entries.first { $0.name == "auth.legacy_hs256" }?.text == "")
        let refused = problems(flags: ["auth.legacy_hs256=hunter2\u{1}"])
        #expect(refused.count == 1 && !refused[0].contains("hunter2"))
    }
}
