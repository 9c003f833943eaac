import Synchronization
import Testing
import TokenClient
import TokenCore

@Suite struct SharedSourceTests {
    private func secret(_ text: String) -> Secret { Secret(Array(text.utf8)) }

    private func numbered(_ count: Count, lifetime: Duration = .seconds(600), takes time: Duration = .zero) -> ClosureSource {
        ClosureSource("numbered") { _ in
            let number = count.next()
            try await Task.sleep(for: time)
            return IssuedToken("token-\(number)", lifetime: .lasting(lifetime))
        }
    }

    @Test func manyManagersOfOneVaultFetchOnce() async throws {
        let count = Count(), vault = MemoryVault()
        let managers = (0..<8).map { _ in
            TokenManager(name: "one", source: numbered(count, takes: .milliseconds(50)).kept(in: vault))
        }
        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for manager in managers {
                for _ in 0..<100 { group.addTask { try await manager.token().value } }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(values == ["token-1"] && count.value == 1)
    }

    @Test func fiftyThatRefreshAheadAtOnceCauseOneFetch() async throws {
        let count = Count(), vault = MemoryVault()
        let sources = (0..<50).map { _ in numbered(count).kept(in: vault) }
        for source in sources { _ = try await source.fetch(TokenFetch(name: "one")) }
        #expect(count.value == 1)
        // Half a minute of the ten is what no manager refreshes in: the grant says so without waiting for it.
        let key = VaultKey(sources[0].identity)
        let entry = vault.load(key)
        let old = UpstreamGrant.aged(entry.grant, by: .seconds(480))
        try vault.save(old, as: key, over: entry.version)
        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for source in sources {
                group.addTask { try await source.fetch(TokenFetch(name: "one", held: secret("token-1"))).text }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(values == ["token-2"] && count.value == 2)
    }

    @Test func twoIdentitiesShareNothing() async throws {
        let vault = MemoryVault()
        let one = ClosureSource("one") { _ in IssuedToken("1", lifetime: .unlimited) }.kept(in: vault)
        let two = ClosureSource("two") { _ in IssuedToken("2", lifetime: .unlimited) }.kept(in: vault)
        #expect(try await one.fetch(TokenFetch(name: "x")).text == "1")
        #expect(try await two.fetch(TokenFetch(name: "x")).text == "2")
    }

    @Test func aRejectedTokenIsNotBroughtAgain() async throws {
        let count = Count(), vault = MemoryVault()
        let source = numbered(count).kept(in: vault)
        _ = try await source.fetch(TokenFetch(name: "one"))
        #expect(try await source.fetch(TokenFetch(name: "one", rejected: secret("token-1"))).text == "token-2")
        #expect(try await source.fetch(TokenFetch(name: "one", rejected: secret("token-1"))).text == "token-2")
    }

    @Test func whoDiesWithTheLeaseIsReplacedWhenItEnds() async throws {
        let count = Count(), vault = MemoryVault()
        let source = numbered(count).kept(in: vault)
        var entry = vault.load(VaultKey(source.identity))
        _ = entry.grant.take(.init(Array(repeating: 9, count: 16)), for: .milliseconds(400), first: nil, rejected: nil, now: entry.now)
        try vault.save(entry.grant, as: VaultKey(source.identity), over: entry.version)
        let began = ContinuousClock.now
        #expect(try await source.fetch(TokenFetch(name: "one")).text == "token-1")
        #expect(ContinuousClock.now - began >= .milliseconds(380))
    }

    @Test func aFetchThatIsGivenUpGivesItsLeaseBack() async throws {
        let vault = MemoryVault()
        let begun = Count()
        let slow = ClosureSource("numbered") { _ in
            _ = begun.next()
            try await Task.sleep(for: .seconds(60))
            return IssuedToken("never", lifetime: .unlimited)
        }.kept(in: vault)
        let task = Task { try await slow.fetch(TokenFetch(name: "one")) }
        while begun.value == 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: TokenSourceError.self) { try await task.value }
        let began = ContinuousClock.now
        #expect(try await numbered(Count()).kept(in: vault).fetch(TokenFetch(name: "one")).text == "token-1")
        #expect(ContinuousClock.now - began < .seconds(5))
    }

    @Test func aFailureOfTheIssuerIsSharedAndNotRepeated() async throws {
        let count = Count(), vault = MemoryVault()
        let refusal = TokenSourceError(.refused(OAuthRefusal(error: "invalid_client", description: "no", status: 401)))
        let sources = (0..<5).map { _ in
            ClosureSource("down") { _ in
                _ = count.next()
                throw refusal
            }.kept(in: vault)
        }
        for source in sources {
            let error = await #expect(throws: TokenSourceError.self) { try await source.fetch(TokenFetch(name: "one")) }
            #expect(error?.reason == refusal.reason)
        }
        #expect(count.value == 1)
    }

    @Test func aFailureOfThisProcessAloneIsNotShared() async throws {
        let vault = MemoryVault()
        let broken = ClosureSource("numbered") { _ in throw TokenSourceError(.misconfigured("no file")) }.kept(in: vault)
        await #expect(throws: TokenSourceError.self) { try await broken.fetch(TokenFetch(name: "one")) }
        #expect(try await numbered(Count()).kept(in: vault).fetch(TokenFetch(name: "one")).text == "token-1")
    }

    @Test func withoutTheVaultEachFetchesForItselfAndSaysSoOnce() async throws {
        let count = Count(), vault = WatchedVault()
        let source = numbered(count).kept(in: vault)
        var notices = source.notices.makeAsyncIterator()
        vault.fail(.unavailable("planned"))
        #expect(try await source.fetch(TokenFetch(name: "one")).text == "token-1")
        #expect(try await source.fetch(TokenFetch(name: "one")).text == "token-2")
        vault.fail(nil)
        #expect(try await source.fetch(TokenFetch(name: "one", held: secret("token-2"))).text == "token-3")
        #expect(await notices.next() == .away(.unavailable("planned")))
        #expect(await notices.next() == .back)
    }

    @Test func aWriteOfUnknownFateIsFoundOutAbout() async throws {
        let count = Count(), vault = WatchedVault()
        vault.doubt(4)
        #expect(try await numbered(count).kept(in: vault).fetch(TokenFetch(name: "one")).text == "token-1")
        #expect(count.value == 1)
    }
}

extension UpstreamGrant {
    /// The same, published so much earlier: what a process sees that asks so much later.
    static func aged(_ grant: UpstreamGrant, by age: Duration) -> UpstreamGrant {
        var aged = UpstreamGrant()
        guard let published = grant.published else { return aged }
        let turn = aged.take(.init(Array(repeating: 0, count: 16)), for: .seconds(1), first: nil, rejected: nil, now: published.since - age)
        let lifetime = published.until.map { TokenLifetime.lasting($0 - published.since) } ?? .unlimited
        _ = aged.fetched(
            .init(token: published.token, type: published.type, scope: published.scope, lifetime: lifetime), turn, fallback: .seconds(300))
        return aged
    }
}
