import Testing
import TokenClient
import TokenCore

@Suite struct RotationTests {
    private func secret(_ text: String) -> Secret { Secret(Array(text.utf8)) }

    /// Gives `rN+1` for `rN`, and nothing for a token that was used.
    private func strict(_ diary: Diary = Diary()) -> RotatingDouble {
        let newest = Count()
        return RotatingDouble(diary: diary) { token in
            guard token == "r\(newest.value)" else { return (400, "invalid_grant") }
            let number = newest.next()
            return (200, "a\(number) r\(number)")
        }
    }

    @Test func theIntentIsStoredBeforeTheCallAndTheAnswerBeforeItIsRead() async throws {
        let diary = Diary()
        let source = strict(diary).kept(in: WatchedVault(diary))
        #expect(try await source.fetch(TokenFetch(name: "one")).text == "a1")
        #expect(diary.lines == ["intent", "call", "answer", "read", "outcome"])
    }

    @Test func theNewestRefreshTokenIsPresented() async throws {
        let vault = MemoryVault(), issuer = strict()
        for number in 1...5 {
            // Each time another process.
            let source = issuer.kept(in: vault)
            let held = number == 1 ? nil : secret("a\(number - 1)")
            #expect(try await source.fetch(TokenFetch(name: "one", rejected: held)).text == "a\(number)")
        }
    }

    @Test func anAnswerThatWasStoredIsReadByWhoeverComesNext() async throws {
        let vault = MemoryVault(), issuer = strict()
        let source = issuer.kept(in: vault), key = VaultKey(source.identity)
        var entry = vault.load(key)
        let turn = entry.grant.take(.init(Array(repeating: 1, count: 16)), for: .seconds(60), first: secret("r0"), rejected: nil, now: entry.now)
        // Form 1, status 200, and the body: as `SharedSource` stores it.
        hold(entry.grant.answered(Secret([1, 0, 200] + Array("a1 r1".utf8)), turn))
        try vault.save(entry.grant, as: key, over: entry.version)
        #expect(try await source.fetch(TokenFetch(name: "one")).text == "a1")
        #expect(vault.load(key).grant.line?.token.bytes == Array("r1".utf8))
    }

    @Test func aLossIsSaidWithTheTimeAtWhichTheRotationBegan() async throws {
        let vault = MemoryVault()
        let issuer = RotatingDouble(diary: Diary()) { _ in (400, "invalid_grant") }
        let source = issuer.kept(in: vault), key = VaultKey(source.identity)
        var notices = source.notices.makeAsyncIterator()
        var entry = vault.load(key)
        let began = entry.now - .seconds(3600)
        _ = entry.grant.take(.init(Array(repeating: 1, count: 16)), for: .seconds(1), first: secret("r0"), rejected: nil, now: began)
        try vault.save(entry.grant, as: key, over: entry.version)
        for _ in 1...2 {
            let error = await #expect(throws: TokenSourceError.self) { try await source.fetch(TokenFetch(name: "one")) }
            guard case .rotationLost(let text) = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains(began.rfc3339))
        }
        #expect(issuer.diary.count("call") == 1, "what is known to be spent is not presented again")
        #expect(await notices.next() == .lost(began: began))
    }

    @Test func aGrantThatWasRevokedIsNotCalledLost() async throws {
        let source = RotatingDouble(diary: Diary()) { _ in (400, "invalid_grant") }.kept(in: MemoryVault())
        let error = await #expect(throws: TokenSourceError.self) { try await source.fetch(TokenFetch(name: "one")) }
        #expect(error?.reason == .refused(OAuthRefusal(error: "invalid_grant")))
    }

    @Test func withoutItsVaultARefreshTokenIsNotRisked() async throws {
        let diary = Diary(), vault = WatchedVault(diary)
        vault.fail(.unavailable("planned"))
        let source = strict(diary).kept(in: vault)
        let error = await #expect(throws: TokenSourceError.self) { try await source.fetch(TokenFetch(name: "one")) }
        if case .storage = error?.reason {} else { Issue.record("\(String(describing: error))") }
        #expect(diary.count("call") == 0)
    }

    @Test func anAnswerIsStoredAsSoonAsTheVaultIsBack() async throws {
        let diary = Diary(), vault = WatchedVault(diary), newest = Count()
        let issuer = RotatingDouble(diary: diary) { token in
            guard token == "r\(newest.value)" else { return (400, "invalid_grant") }
            vault.fail(.unavailable("planned"))
            let number = newest.next()
            return (200, "a\(number) r\(number)")
        }
        let source = issuer.kept(in: vault)
        var notices = source.notices.makeAsyncIterator()
        let task = Task { try await source.fetch(TokenFetch(name: "one")) }
        #expect(await notices.next() == .away(.unavailable("planned")))
        task.cancel()
        vault.fail(nil)
        // Given up or not: what came is not lost.
        _ = try? await task.value
        #expect(try await source.fetch(TokenFetch(name: "one")).text == "a1")
        #expect(diary.count("call") == 1)
    }

    @Test func anAnswerThatIsNotUnderstoodIsKeptAndTheOldTokenTriedOnceMore() async throws {
        let vault = MemoryVault(), calls = Count()
        let issuer = RotatingDouble(diary: Diary()) { _ in calls.next() == 1 ? (200, "<html>") : (200, "a1 r1") }
        let source = issuer.kept(in: vault), key = VaultKey(source.identity)
        let error = await #expect(throws: TokenSourceError.self) { try await source.fetch(TokenFetch(name: "one")) }
        if case .notUnderstood = error?.reason {} else { Issue.record("\(String(describing: error))") }
        #expect(vault.load(key).grant.exchange?.answer != nil)
        try await Task.sleep(for: .milliseconds(1100))
        #expect(try await source.fetch(TokenFetch(name: "one")).text == "a1")
        #expect(vault.load(key).grant.exchange == nil)
    }

    @Test func noSecretOfAGrantIsPrinted() {
        let entry = MemoryVault().load(VaultKey(TokenIdentity(issuer: "x", grant: "y")))
        var grant = entry.grant
        let turn = grant.take(.init([1]), for: .seconds(1), first: secret("refresh-secret"), rejected: nil, now: entry.now)
        hold(grant.answered(secret("answer-secret"), turn))
        // canon 59
        #expect(!"\(grant)".contains("secret") && !"\(turn)".contains("secret"))
        var text = ""
        dump(grant, to: &text)
        #expect(!text.contains("secret"))
    }
}

/// `#expect` cannot change what it looks at.
private func hold(_ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(condition, comment, sourceLocation: sourceLocation)
}
