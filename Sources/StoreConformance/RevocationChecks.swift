import TokenCore

/// The revocation log of a partition is dense and in the order of the commits.
enum RevocationChecks {
    static let all = [
        StoreCheck("revocations are read back in order, numbered from 1 without gaps") { test in
            let entries = try samples(test)
            try await test.commit(revocations: Array(entries.prefix(2)))
            try await test.commit(revocations: Array(entries.dropFirst(2)))
            let log = try await test.store.revocations(in: test.home, after: 0, limit: 100)
            try test.expect(log.map(\.number), is: Array(1...UInt64(entries.count)))
            try test.expect(log.map(\.entry), is: entries)
            try test.expect(try await test.store.revocationHeads(), is: [test.home: UInt64(entries.count)])
        },
        StoreCheck("a log is read from any number on, in pages") { test in
            for _ in 0..<10 { try await test.commit(revocations: [entry(test)]) }
            try test.expect(try await test.store.revocations(in: test.home, after: 3, limit: 4).map(\.number), is: [4, 5, 6, 7])
            try test.expect(try await test.store.revocations(in: test.home, after: 8, limit: 4).map(\.number), is: [9, 10])
            try test.expect(try await test.store.revocations(in: test.home, after: 10, limit: 4).count, is: 0)
            try test.expect(try await test.store.revocations(in: test.home, after: .max, limit: 4).count, is: 0)
        },
        StoreCheck("each partition counts for itself") { test in
            let elsewhere = Partition(number: 0) ?? test.home
            for partition in [test.home, elsewhere, test.home] {
                try await test.store.commit(WriteBatch(partition: partition, now: test.now, revocations: [entry(test)]))
            }
            try test.expect(try await test.store.revocationHeads(), is: [test.home: 2, elsewhere: 1])
            try test.expect(try await test.store.revocations(in: elsewhere, after: 0, limit: 10).map(\.number), is: [1])
        },
        StoreCheck("numbers stay dense when many commit and some conflict") { test in
            let key = test.key([1])
            try await test.commit(.put(test.record(key), expecting: .absent))
            let written = try await test.concurrently(64) { index in
                var written = 0
                for _ in 0..<4 {
                    let version = index % 3 == 0 ? Version(99) : Version(1)
                    if try await test.succeeds(.expect(key, expecting: version), revocations: [entry(test), entry(test)]) { written += 2 }
                }
                return written
            }.reduce(0, +)
            try test.expect(written, is: 42 * 4 * 2)
            let log = try await test.store.revocations(in: test.home, after: 0, limit: 10_000)
            try test.expect(log.map(\.number), is: Array(1...UInt64(written)))
            try test.expect(try await test.store.revocationHeads()[test.home], is: UInt64(written))
        },
    ]

    /// What holds of a store that is swept.
    static let swept = [
        StoreCheck("revocations leave from the front of the log, when they have expired, and their numbers never come back") { test in
            for seconds in [10, 20, 5, 40] as [Int64] {
                try await test.commit(revocations: [RevocationEntry(.everything(upTo: test.now), expiresAt: test.now + .seconds(seconds))])
            }
            _ = try await test.store.sweep(now: test.now + .seconds(10) - .milliseconds(1), limit: 100)
            try test.expect(try await test.store.revocations(in: test.home, after: 0, limit: 10).map(\.number), is: [1, 2, 3, 4])
            try test.expect(try await test.store.sweep(now: test.now + .seconds(10), limit: 100), is: 1)
            try test.expect(try await test.store.revocations(in: test.home, after: 0, limit: 10).map(\.number), is: [2, 3, 4])
            try test.expect(try await test.store.sweep(now: test.now + .seconds(99), limit: 2), is: 2)
            try test.expect(try await test.store.sweep(now: test.now + .seconds(99), limit: 2), is: 1)
            try test.expect(try await test.store.revocations(in: test.home, after: 0, limit: 10).count, is: 0)
            try test.expect(try await test.store.revocationHeads()[test.home], is: 4)
            try await test.commit(revocations: [entry(test)])
            try test.expect(try await test.store.revocations(in: test.home, after: 0, limit: 10).map(\.number), is: [5])
        }
    ]

    private static func entry(_ test: StoreUnderTest) -> RevocationEntry {
        RevocationEntry(.everything(upTo: test.now), expiresAt: test.now + .seconds(900))
    }

    /// One entry of every form.
    private static func samples(_ test: StoreUnderTest) throws -> [RevocationEntry] {
        guard let subject = Subject(text: "a\u{0}ü"), let client = ClientID("web"), let key = KeyID("k") else {
            throw ConformanceFailure(check: test.check, reason: "the suite's own samples are wrong")
        }
        let session = SessionID(birth: test.now, partition: test.home, random: 42)
        let targets: [RevocationEntry.Target] = [
            .session(session), .subject(subject, upTo: test.now), .client(client, upTo: test.now), .key(key), .everything(upTo: test.now),
        ]
        return targets.map { RevocationEntry($0, expiresAt: test.now + .seconds(900)) }
    }
}
