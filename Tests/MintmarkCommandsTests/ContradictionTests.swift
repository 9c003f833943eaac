import Testing

@testable import MintmarkCommands

/// canon 64: unsafe settings fail at start-up with the reason and the fix.
@Suite("Contradictions")
struct ContradictionTests {
    private func contradictions(_ flags: [String]) throws -> [Contradiction] {
        try ConfigurationSources(flags: flags).load().settings.contradictions(workingDirectory: "/srv/app")
    }

    @Test(
        "canon 64: each unsafe combination is refused once, with its keys",
        arguments: [
            (["server.host=0.0.0.0"], "server.host"), (["server.host=10.0.0.1"], "server.host"),
            (["server.host=::"], "server.host"),
            (["server.host=example.org"], "server.host"), (["admin.host=0.0.0.0", "admin.port=1"], "admin.host"),
            (["server.trusted_proxies=0.0.0.0/0"], "server.trusted_proxies"),
            (["server.trusted_proxies=10.0.0.1,::/0"], "server.trusted_proxies"),
            (["server.tls.certificate=c.pem"], "server.tls.certificate"),
            (["server.tls.key=k.pem"], "server.tls.certificate"),
            (["admin.port=8080"], "admin.port"), (["metrics.port=8081"], "metrics.port"),
            (["metrics.port=8081", "metrics.host=0.0.0.0"], "metrics.port"),
            (["admin.port=8080", "admin.host=localhost"], "admin.port"),
            (["admin.port=8080", "server.host=::1", "admin.host=localhost"], "admin.port"),
            (["login.require=none", "server.trusted_proxies=10.0.0.1"], "login.require"),
            (["login.require=client", "login.allow_from=10.0.0.0/8"], "login.allow_from"),
            (["server.host=::", "server.trusted_proxies=10.0.0.1", "login.allow_from=0.0.0.0/0"], "login.allow_from"),
            (["server.host=::", "server.trusted_proxies=10.0.0.1", "login.allow_from=203.0.113.0/24"], "login.allow_from"),
            (["server.host=::", "server.trusted_proxies=10.0.0.1", "login.allow_from=172.0.0.0/11"], "login.allow_from"),
            (["login.allow_from=10.0.0.0/8"], "login.allow_from"),
            (["login.allow_from=10.0.0.0/8", "server.host=::1"], "login.allow_from"),
            (["metrics.host=0.0.0.0"], "metrics.host"), (["metrics.host=::1", "metrics.port=off"], "metrics.host"),
            (["auth.refresh_lifetime=10m"], "auth.access_lifetime"),
            (["auth.refresh_grace=10m", "auth.access_lifetime=5m"], "auth.refresh_grace"),
            (["auth.access_lifetime=4s", "auth.refresh_grace=0"], "auth.leeway"),
            (["auth.auto_logout=721h"], "auth.auto_logout"),
            (["auth.auto_logout=20s"], "auth.refresh_grace"),
            (["auth.auto_logout=4s", "auth.refresh_grace=0"], "auth.leeway"),
            (["pools.lifetime=301s"], "pools.lifetime"), (["pools.unblock_lifetime=301s"], "pools.unblock_lifetime"),
            (["pools.lifetime=1s", "pools.keep_alive_limit=119s"], "pools.unblock_lifetime"),
            (["pools.unblock_lifetime=0", "pools.keep_alive_limit=59s"], "pools.lifetime"),
            (["keys.publish_ahead=2h", "keys.rotate_every=2h"], "keys.publish_ahead"),
            (["keys.seal_file=mintmark-data/seal"], "keys.seal_file"),
            (["keys.seal_file=/srv/app/mintmark-data/a/../seal"], "keys.seal_file"),
            (["keys.seal_file=./x/../mintmark-data"], "keys.seal_file"),
            (["store.path=/", "keys.seal_file=/etc/seal"], "keys.seal_file"),
        ])
    func unsafeCombinationIsRefused(flags: [String], key: String) throws {
        let found = try contradictions(flags)
        #expect(found.map { $0.keys.first } == [key], "\(found)")
        #expect(found.allSatisfy { $0.reason.hasSuffix(".") && $0.fix.hasSuffix(".") })
    }

    /// What instances of one store must be told, which the embedded store needs nobody to say.
    private static let shared = ["store.url=valkey://a", "auth.issuer=https://issuer.example", "keys.seal_file=/etc/seal"]

    @Test(
        "canon 64: each unsafe combination with a shared store is refused once, with its keys",
        arguments: [
            (["store.acknowledge=replicated", "auth.refresh_grace=15s"], "auth.refresh_grace"),
            (["store.acknowledge=fsynced", "store.acknowledge_timeout=16s"], "auth.refresh_grace"),
            (["store.acknowledge=fsynced", "auth.refresh_grace=0"], "auth.refresh_grace"),
            (["store.acknowledge=replicated", "store.replicas=0"], "store.replicas"),
            (["store.replicas=1"], "store.replicas"), (["store.acknowledge_timeout=2s"], "store.acknowledge_timeout"),
            (["store.ca_file=/ca.pem"], "store.ca_file"),
        ])
    func unsafeCombinationWithASharedStoreIsRefused(flags: [String], key: String) throws {
        let found = try contradictions(Self.shared + flags)
        #expect(found.map { $0.keys.first } == [key], "\(found)")
        #expect(found.allSatisfy { $0.reason.hasSuffix(".") && $0.fix.hasSuffix(".") })
    }

    @Test("canon 64: instances of one store share its seal and its issuer, which are therefore named")
    func aSharedStoreNeedsWhatItsInstancesShare() throws {
        #expect(try contradictions(Self.shared).isEmpty)
        #expect(try contradictions([Self.shared[0]]).map { $0.keys.first } == ["keys.seal_file", "auth.issuer"])
        #expect(try contradictions(Self.shared + ["store.acknowledge=replicated"]).isEmpty)
        #expect(try contradictions(Self.shared + ["store.acknowledge=fsynced"]).isEmpty)
    }

    @Test(arguments: [
        "store.acknowledge=fsynced", "store.replicas=1", "store.partitions=8", "store.ca_file=/ca.pem", "store.acknowledge_timeout=2s",
        "auth.max_staleness=9s", "auth.when_stale=allow", "store.create=never",
    ])
    func whatIsSaidOfASharedStoreWithoutOneIsRefused(flag: String) throws {
        #expect(try contradictions([flag]).map { $0.keys.last } == ["store.url"])
    }

    @Test("canon 64: an open /login beyond loopback is refused even with TLS")
    func openLoginBeyondLoopbackIsRefusedWithTLS() throws {
        let found = try contradictions([
            "server.host=0.0.0.0", "server.tls.certificate=c", "server.tls.key=k", "login.require=none",
        ])
        #expect(found.map { $0.keys.first } == ["login.require"])
    }

    @Test("canon 64: a grace window longer than both lifetimes is refused for both")
    func graceLongerThanBothLifetimesIsRefusedTwice() throws {
        let found = try contradictions([
            "auth.refresh_grace=10m", "auth.access_lifetime=5m", "auth.refresh_lifetime=5m",
        ])
        #expect(
            found.map(\.keys) == [
                ["auth.refresh_grace", "auth.access_lifetime"], ["auth.refresh_grace", "auth.refresh_lifetime"],
            ])
    }

    @Test(arguments: [
        [], ["server.host=::1"], ["server.host=localhost"], ["server.host=127.8.9.1"], ["login.require=none"],
        ["server.host=0.0.0.0", "server.tls.certificate=c", "server.tls.key=k"],
        ["server.host=0.0.0.0", "server.trusted_proxies=10.0.0.0/8"],
        ["server.host=0.0.0.0", "server.trusted_proxies=10.0.0.0/8", "login.require=client"],
        ["server.host=::", "server.trusted_proxies=10.0.0.1", "login.allow_from=10.0.0.0/8,192.168.1.0/24,fd00::/8,127.0.0.1,::1,100.64.0.0/10"],
        ["server.host=0.0.0.0", "server.trusted_proxies=10.0.0.1", "login.allow_from=10.1.0.0/16"],
        ["server.port=0", "admin.port=0", "metrics.port=0"],
        ["metrics.port=9100", "metrics.host=0.0.0.0"], ["metrics.host=127.0.0.1"], ["admin.port=8080", "server.host=127.0.0.2"],
        ["auth.refresh_grace=0"],
        ["auth.refresh_grace=10m", "auth.access_lifetime=10m"], ["auth.auto_logout=30m"], ["auth.auto_logout=720h"],
        ["auth.auto_logout=5s", "auth.refresh_grace=0"],
        ["keys.seal_file=mintmark-data-seal"],
        ["keys.seal_file=mintmark-data/../seal"], ["keys.publish_ahead=0"],
        ["auth.access_lifetime=2s", "auth.refresh_lifetime=4s", "auth.refresh_grace=1s", "auth.leeway=0"],
    ])
    func soundCombinationIsAccepted(flags: [String]) throws { #expect(try contradictions(flags).isEmpty) }
}
