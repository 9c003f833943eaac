import TokenCore

/// A batch is written whole or not at all.
enum ConflictChecks {
    static let all = [
        StoreCheck("a put conflicts unless the stored version is the expected one") { test in
            let key = test.key([1])
            let put = { (body: UInt8, version: UInt64) in Write.put(test.record(key, body: [body]), expecting: Version(version)) }
            try test.expect(!(try await test.succeeds(put(9, 1))), "replaced what was not there")
            try await test.commit(put(1, 0))
            try await test.commit(put(2, 1))
            for version in [0, 1, 3, 99] as [UInt64] {
                try test.expect(!(try await test.succeeds(put(9, version))), "wrote over version 2 expecting \(version)")
            }
            try test.expect(try await test.load(key)?.body, is: [2])
        },
        StoreCheck("a remove conflicts unless the stored version is the expected one") { test in
            let key = test.key([1])
            try await test.commit(.remove(key, expecting: .absent))
            try await test.commit(.put(test.record(key), expecting: .absent))
            for version in [0, 2] as [UInt64] {
                try test.expect(!(try await test.succeeds(.remove(key, expecting: Version(version)))), "removed version 1 expecting \(version)")
            }
            try test.expect(try await test.version(key), is: Version(1))
        },
        StoreCheck("a record that is only named by expect is part of the compare-and-swap") { test in
            let (read, written) = (test.key([1]), test.key([2]))
            let put = Write.put(test.record(written), expecting: .absent)
            try test.expect(!(try await test.succeeds(put, .expect(read, expecting: Version(1)))), "expected what was not there")
            try await test.commit(.put(test.record(read), expecting: .absent))
            try test.expect(!(try await test.succeeds(.expect(read, expecting: .absent), put)), "expected absent what is there")
            try test.expect(!(try await test.succeeds(put, .expect(read, expecting: Version(2)))), "expected another version")
            try test.expect(try await test.version(written), is: .absent)
            try await test.commit(.expect(read, expecting: Version(1)), put)
            try test.expect(try await test.version(read), is: Version(1))
            try test.expect(try await test.version(written), is: Version(1))
        },
        StoreCheck("a conflict leaves no trace of the batch") { test in
            let (first, second, third) = (test.key([1]), test.key([2]), test.key([3]))
            try await test.commit(.put(test.record(first, body: [1]), expecting: .absent), .put(test.record(second), expecting: .absent))
            let went = try await test.succeeds(
                .put(test.record(first, body: [9]), expecting: Version(1)), .put(test.record(third), expecting: .absent),
                .touch(second, Activity(lastSeen: test.now, retries: 1), extendingTo: test.now + .seconds(9999)),
                .remove(second, expecting: Version(7)),
                revocations: [RevocationEntry(.everything(upTo: test.now), expiresAt: test.now + .seconds(9))],
                events: [Event(.issued, at: test.now)])
            try test.expect(!went, "it went through")
            try test.expect(try await test.load(first)?.body, is: [1])
            try test.expect(try await test.load(second)?.activity, is: Activity.none)
            try test.expect(try await test.load(second)?.expiresAt, is: test.now + .seconds(3600))
            try test.expect(try await test.version(third), is: .absent)
            try test.expect(try await test.store.revocationHeads()[test.home] ?? 0, is: 0)
            try test.expect(try await test.store.revocations(in: test.home, after: 0, limit: 10).count, is: 0)
            try test.expect(try await test.store.events(after: 0, limit: 10).count, is: 0)
            try test.expect(try await test.store.backlog().count, is: 0)
        },
        StoreCheck("conditions are judged on the state before the batch") { test in
            let key = test.key([1])
            try await test.commit(.put(test.record(key, expiresAt: test.now + .milliseconds(5)), expecting: .absent))
            // A touch earlier in the batch must not bring back what has expired by the batch's clock.
            let later = test.now + .milliseconds(5)
            let touch = Write.touch(key, Activity(lastSeen: later), extendingTo: later + .seconds(10))
            try test.expect(!(try await test.succeeds(touch, .expect(key, expecting: Version(1)), at: later)), "a touch revived it")
            try await test.commit(touch, .expect(key, expecting: .absent), at: later)
            try test.expect(try await test.version(key, at: later), is: .absent)
        },
        StoreCheck("a batch that only expects, or has nothing in it, writes nothing") { test in
            try await test.commit()
            try await test.commit(.expect(test.key([1]), expecting: .absent))
            try test.expect(try await test.version(test.key([1])), is: .absent)
        },
        StoreCheck("a batch of a thousand writes is atomic") { test in
            let puts = (0..<1023).map { Write.put(test.record(test.key([UInt8($0 >> 8), UInt8($0 & 255)])), expecting: .absent) }
            let batch = { (last: Version) in
                WriteBatch(partition: test.home, now: test.now, writes: puts + [.expect(test.key([1]), expecting: last)])
            }
            try test.expect(!(try await test.succeeds(batch(Version(1)))), "the last of 1,024 conditions was not judged")
            try test.expect(try await test.store.find(RecordQuery(partition: test.home, kind: .family), now: test.now).count, is: 0)
            try await test.store.commit(batch(.absent))
            try test.expect(try await test.store.find(RecordQuery(partition: test.home, kind: .family, limit: 1000), now: test.now).count, is: 1000)
        },
    ]
}
