import Logging
import Testing
import TokenCore
import TokenEngine
import TokenHTTP
import Valkey
import ValkeyStore

@testable import MintmarkCommands

/// Every key of the table set to something else than its default, and the place where it arrives.
@Suite("Settings and the rooms")
struct SettingsRoomsTests {
    /// What a server would be made of.
    struct Rooms {
        let settings: Settings
        let engine: TokenEngine.Configuration
        let keys: KeyPolicy
        let server: TokenServer.Configuration
        /// The same server with `login.require: loopback`, beside which alone `login.allow_from` has a meaning.
        let local: TokenServer.Configuration
        let folder: DataFolder

        init(_ flags: [String]) throws {
            settings = try ConfigurationSources(flags: flags).load().settings
            engine = settings.engine()
            keys = settings.keyPolicy
            server = try settings.server(adminToken: Secret([1]))
            var loopback = settings
            loopback.login.require = .loopback
            local = try loopback.server(adminToken: Secret([1]))
            folder = DataFolder(settings)
        }
    }

    /// A key, a text for it, and what the rooms have of it then.
    struct Row {
        let key: any DescribedKey
        let text: String
        let arrives: (Rooms) -> [Bool]

        init<Value: Equatable>(_ key: any DescribedKey, _ text: String, _ value: Value, at places: ((Rooms) -> Value)...) {
            self.key = key
            self.text = text
            arrives = { rooms in places.map { $0(rooms) == value } }
        }
    }

    /// No two values of one kind are the same, so that a field that was given another's value is found out.
    private static func rows(secretFile: String) throws -> [Row] {
        [
            Row(Keys.serverHost, "10.0.0.1", "10.0.0.1", at: { $0.server.address.host }),
            Row(Keys.serverPort, "1001", 1001, at: { $0.server.address.port }),
            Row(Keys.maxProcessors, "3", 3, at: { $0.server.loops }),
            Row(Keys.certificate, "/c.pem", "/c.pem", at: { $0.server.tls?.certificate }),
            Row(Keys.certificateKey, "/k.pem", "/k.pem", at: { $0.server.tls?.key }),
            Row(Keys.trustedProxies, "10.2.0.0/16", [try AddressRange("10.2.0.0/16")], at: { $0.server.trustedProxies }),
            Row(Keys.adminHost, "127.0.0.2", "127.0.0.2", at: { $0.server.admin.host }),
            Row(Keys.adminPort, "1002", 1002, at: { $0.server.admin.port }),
            Row(Keys.adminTokenFile, "/etc/token", "/etc/token", at: { $0.folder.adminTokenFile }),
            Row(Keys.metricsHost, "10.0.0.3", "10.0.0.3", at: { $0.server.metrics?.host }),
            Row(Keys.metricsPort, "1003", 1003, at: { $0.server.metrics?.port }),
            Row(Keys.loggingMode, "json", .json, at: { $0.settings.logHandler("test").mode }),
            Row(Keys.loggingLevel, "error", .error, at: { $0.settings.logHandler("test").logLevel }),
            Row(Keys.issuer, "https://issuer.example", "https://issuer.example", at: { $0.engine.issuer }),
            Row(Keys.audience, "audience", "audience", at: { $0.engine.audience }),
            Row(Keys.algorithm, "EdDSA", "EdDSA", at: { $0.keys.algorithm }),
            Row(
                Keys.accessLifetime, "11m", .seconds(660), at: { $0.engine.policy.accessLifetime },
                { $0.engine.policy.longestAccessLifetime }, { $0.keys.accessLifetime }),
            Row(
                Keys.refreshLifetime, "100h", .hours(100), at: { $0.engine.policy.refreshLifetime },
                { $0.keys.refreshLifetime }),
            Row(Keys.autoLogout, "40m", .seconds(2400), at: { $0.engine.policy.autoLogout }),
            Row(Keys.refreshGrace, "31s", .seconds(31), at: { $0.engine.policy.refreshGrace }),
            Row(Keys.leeway, "50s", .seconds(50), at: { $0.server.leeway }),
            Row(Keys.legacyHS256, secretFile, Array(secret.utf8), at: { $0.server.legacySecret?.bytes }),
            Row(Keys.maxStaleness, "32s", .seconds(32), at: { $0.settings.auth.maxStaleness }),
            Row(Keys.whenStale, "allow", .allow, at: { $0.settings.auth.whenStale }),
            Row(Keys.maxPerSubject, "7", 7, at: { $0.engine.policy.maxPerSubject }),
            Row(Keys.loginRequire, "client", .client, at: { $0.server.login }),
            Row(
                Keys.loginAllowFrom, "10.1.0.0/16", .loopback(alsoFrom: [try AddressRange("10.1.0.0/16")]),
                at: { $0.local.login }),
            Row(Keys.poolLifetime, "61s", .seconds(61), at: { $0.settings.poolPolicy.lifetime }),
            Row(Keys.poolUnblockLifetime, "62s", .seconds(62), at: { $0.settings.poolPolicy.rest }),
            Row(Keys.poolKeepAliveLimit, "63s", .seconds(63), at: { $0.settings.poolPolicy.keepAliveLimit }),
            Row(Keys.poolMaxTokens, "64", 64, at: { $0.settings.poolPolicy.mostTokens }),
            Row(Keys.storePath, "/srv/data", "/srv/data", at: { $0.folder.path }),
            Row(Keys.storeURL, "rediss://servers", try ValkeyURL("rediss://servers"), at: { $0.settings.store.shared?.url }),
            Row(Keys.storeAuthority, "/ca.pem", "/ca.pem", at: { $0.settings.store.shared?.authorityFile }),
            Row(Keys.storePartitions, "128", 128, at: { $0.settings.store.shared?.partitions }),
            Row(Keys.storeCreate, "never", false, at: { $0.settings.store.shared?.isMadeWhenEmpty }),
            Row(Keys.acknowledge, "fsynced", true, at: { if case .fsynced? = $0.settings.store.shared?.acknowledge { true } else { false } }),
            Row(Keys.replicas, "3", .fsynced(replicas: 3, timeout: .seconds(4)), at: { $0.settings.store.shared?.acknowledge }),
            Row(
                Keys.acknowledgeTimeout, "4s", .fsynced(replicas: 3, timeout: .seconds(4)), at: { $0.settings.store.shared?.acknowledge }),
            Row(Keys.eventsFile, "/srv/events", .file(path: "/srv/events"), at: { $0.settings.events.sink }),
            Row(Keys.eventsRetain, "25h", .hours(25), at: { $0.settings.retention.age }),
            Row(Keys.rotateEvery, "200h", .hours(200), at: { $0.keys.rotateEvery }),
            Row(Keys.publishAhead, "2h", .hours(2), at: { $0.keys.publishAhead }),
            Row(Keys.sealFile, "/etc/seal", "/etc/seal", at: { $0.folder.sealFile }),
        ]
    }

    private static let secret = String(repeating: "s", count: 32)

    /// Runs a body over the rows, and the rooms with none of them and with all.
    private func withRooms(_ body: ([Row], _ usual: Rooms, _ changed: Rooms) throws -> Void) throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write(Self.secret, to: "secret")
        let rows = try Self.rows(secretFile: folder.path + "/secret")
        try body(rows, Rooms([]), Rooms(rows.map { "\($0.key.name)=\($0.text)" }))
    }

    @Test func everyKeyArrivesWhereItIsMeantTo() throws {
        try withRooms { rows, usual, changed in
            #expect(rows.map(\.key.name) == Keys.all.map(\.name), "every key has one row")
            for row in rows {
                #expect(!row.arrives(changed).contains(false), "\(row.key.name)=\(row.text) does not arrive")
                #expect(!row.arrives(usual).contains(true), "\(row.key.name)=\(row.text) is what it is without being set")
            }
        }
    }

    /// What no key decides; a field that is new in a room and is given nothing keeps its default and is found here.
    @Test func noFieldOfARoomKeepsItsDefault() throws {
        // Upstreams have keys of their own, by their names: UpstreamConfigurationTests.
        let fixed: Set = ["adminToken", "limits", "sharing", "lag", "remembered", "bytes", "upstreams"]
        try withRooms { _, usual, changed in
            let pairs: [(Any, Any)] = [
                (usual.settings, changed.settings), (usual.engine, changed.engine), (usual.engine.policy, changed.engine.policy),
                (usual.keys, changed.keys), (usual.server, changed.server), (usual.settings.retention, changed.settings.retention),
            ]
            for (one, other) in pairs {
                for (before, after) in zip(Mirror(reflecting: one).children, Mirror(reflecting: other).children) {
                    let name = before.label ?? ""
                    guard !fixed.contains(name) else { continue }
                    #expect("\(before.value)" != "\(after.value)", "\(type(of: one)).\(name)")
                }
            }
        }
    }

    @Test func whatIsOffOrOpenArrivesToo() throws {
        let usual = try Rooms([])
        #expect(usual.server.tls == nil && usual.server.metrics == nil && usual.server.legacySecret == nil && usual.server.loops == nil)
        #expect(usual.engine.policy.autoLogout == nil && usual.engine.policy.maxPerSubject == 0)
        #expect(usual.server.login == .loopback(alsoFrom: []) && usual.settings.sinks.isEmpty)
        #expect(try Rooms(["login.require=none"]).server.login == .none)
        #expect(try Rooms(["events.file=-"]).settings.sinks.count == 1)
        #expect(try Rooms(["events.file=/srv/events"]).settings.sinks.count == 1)
    }

    @Test func aLifetimeThatWasLongerIsRemembered() throws {
        let settings = try Rooms(["auth.access_lifetime=11m"]).settings
        #expect(settings.engine(remembering: .hours(2)).policy.longestAccessLifetime == .hours(2))
        #expect(settings.engine(remembering: .seconds(1)).policy.longestAccessLifetime == .seconds(660))
    }

    @Test func theClockHasTheLeeway() throws {
        let ahead = SystemClock().now() + .seconds(30)
        #expect(try Rooms([]).settings.clock(floor: ahead).isBehind)
        #expect(try !Rooms(["auth.leeway=50s"]).settings.clock(floor: ahead).isBehind)
    }
}
