import Testing
import TokenClient
import TokenCore
import TokenSealing

/// What every vault promises, on each kind.
@Suite struct VaultConformanceTests {
    private let seals = SealKeys.generate()
    private let key = SampleGrant.key("one")

    @Test(arguments: VaultShape.allCases) func aGrantIsReadBackByAnotherProcess(_ shape: VaultShape) async throws {
        try await shape.run { open in
            let vault = try await open(seals)
            let empty = try await vault.load(key)
            #expect(empty.version == .absent && empty.grant.published == nil && empty.grant.fence == 0)
            try await vault.save(SampleGrant.publishing("a", now: empty.now), as: key, over: .absent)
            let read = try await open(seals).load(key)
            #expect(read.version == Version(1) && read.grant.published?.token.bytes == Array("a".utf8))
            #expect(try await vault.load(SampleGrant.key("two")).version == .absent)
        }
    }

    @Test(arguments: VaultShape.allCases) func whoExpectsAnotherVersionWritesNothing(_ shape: VaultShape) async throws {
        try await shape.run { open in
            let vault = try await open(seals)
            let now = try await vault.load(key).now
            await #expect(throws: StoreError.conflict) {
                try await vault.save(SampleGrant.publishing("b", now: now), as: key, over: Version(1))
            }
            try await vault.save(SampleGrant.publishing("a", now: now), as: key, over: .absent)
            for version in [Version.absent, Version(2)] {
                await #expect(throws: StoreError.conflict) {
                    try await vault.save(SampleGrant.publishing("b", now: now), as: key, over: version)
                }
            }
            #expect(try await vault.load(key).grant.published?.token.bytes == Array("a".utf8))
        }
    }

    @Test(arguments: VaultShape.allCases) func ofSixteenWritersOneWinsEveryTime(_ shape: VaultShape) async throws {
        try await shape.run { open in
            var vaults: [any TokenVault] = []
            for _ in 0..<4 { vaults.append(try await open(seals)) }
            for round in 0..<20 as Range<UInt64> {
                let winners = try await withThrowingTaskGroup(of: Int?.self) { [vaults] group in
                    for writer in 0..<16 {
                        let vault = vaults[writer % 4]
                        group.addTask {
                            let grant = SampleGrant.publishing("\(writer)", now: UnixTime(seconds: 1_790_000_000))
                            do throws(StoreError) { try await vault.save(grant, as: key, over: Version(round)) } catch {
                                guard error == .conflict else { throw error }
                                return nil
                            }
                            return writer
                        }
                    }
                    return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
                }
                #expect(winners.count == 1)
                let entry = try await vaults[0].load(key)
                #expect(entry.version == Version(round + 1))
                #expect(entry.grant.published?.token.bytes == winners.first.map { Array("\($0)".utf8) })
            }
        }
    }

    @Test(arguments: VaultShape.allCases) func withoutItsSealNothingOpens(_ shape: VaultShape) async throws {
        try await shape.run { open in
            let vault = try await open(seals)
            try await vault.save(SampleGrant.publishing("a", now: try await vault.load(key).now), as: key, over: .absent)
            let stranger = try await open(SealKeys.generate())
            let error = await #expect(throws: StoreError.self) { try await stranger.load(key) }
            if case .corrupt = error {} else { Issue.record("\(String(describing: error))") }
            // A new seal that opens the old one's: read, and sealed anew with the next write.
            let both = try seals.appending().promoting(SealNumber(2))
            let next = try await open(both)
            let entry = try await next.load(key)
            try await next.save(entry.grant, as: key, over: entry.version)
            let alone = try await open(try both.removing(SealNumber(1)))
            #expect(try await alone.load(key).grant.published?.token.bytes == Array("a".utf8))
        }
    }

    @Test(arguments: VaultShape.allCases) func managersOfFourProcessesFetchOnce(_ shape: VaultShape) async throws {
        try await shape.run { open in
            let fetches = AsyncStream.makeStream(of: Void.self)
            var managers: [TokenManager] = []
            for _ in 0..<4 {
                let source = ClosureSource("one") { _ in
                    fetches.continuation.yield()
                    try await Task.sleep(for: .milliseconds(30))
                    return IssuedToken("token", lifetime: .lasting(.seconds(600)))
                }
                managers.append(TokenManager(name: "one", source: source.kept(in: try await open(seals))))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for manager in managers {
                    for _ in 0..<25 {
                        group.addTask {
                            let token = try await manager.token()
                            #expect(token.value == "token")
                        }
                    }
                }
                try await group.waitForAll()
            }
            fetches.continuation.finish()
            #expect(await fetches.stream.reduce(into: 0) { count, _ in count += 1 } == 1)
        }
    }
}
