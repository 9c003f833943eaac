import TokenCore

/// What holds of a store from which what has expired leaves by itself.
enum SelfExpiryChecks {
    static let all = [
        StoreCheck("a store that expires by itself says so, and its sweep removes nothing") { test in
            try test.expect(test.store.expiresByItself, "it says that it is swept")
            try await test.commit(
                .put(test.record(test.key([1]), expiresAt: test.now + .seconds(10)), expecting: .absent),
                .put(test.record(test.key([2]), expiresAt: test.now + .seconds(1000)), expecting: .absent),
                revocations: [RevocationEntry(.everything(upTo: test.now), expiresAt: test.now + .seconds(1000))])
            for seconds in [0, 10, 100] as [Int64] {
                try test.expect(try await test.store.sweep(now: test.now + .seconds(seconds), limit: 100), is: 0)
            }
            try test.expect(try await test.version(test.key([1])), is: Version(1))
            try test.expect(try await test.version(test.key([2]), at: test.now + .seconds(100)), is: Version(1))
            try test.expect(try await test.store.revocations(in: test.home, after: 0, limit: 10).map(\.number), is: [1])
        },
        StoreCheck("whatever a sweep of a store that expires by itself is told, the numbers of its revocations go on") { test in
            for seconds in [10, 20, 5, 40] as [Int64] {
                try await test.commit(revocations: [RevocationEntry(.everything(upTo: test.now), expiresAt: test.now + .seconds(seconds))])
            }
            _ = try await test.store.sweep(now: test.now + .seconds(99), limit: 100)
            try await test.commit(revocations: [RevocationEntry(.everything(upTo: test.now), expiresAt: test.now + .seconds(900))])
            try test.expect(try await test.store.revocationHeads()[test.home], is: 5)
            let kept = try await test.store.revocations(in: test.home, after: 0, limit: 10).map(\.number)
            try test.expect(kept.last, is: 5)
            try test.expect(zip(kept, kept.dropFirst()).allSatisfy { $0 + 1 == $1 }, "a gap in what is kept: \(kept)")
        },
    ]
}
