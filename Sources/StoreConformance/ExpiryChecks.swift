import TokenCore

/// A record ceases to exist at its time, to the millisecond, whether or not it has been swept.
enum ExpiryChecks {
    static let all = [
        StoreCheck("a record is there until the millisecond before its expiry and gone at it") { test in
            let end = test.now + .milliseconds(1)
            let key = test.key([1])
            try await test.commit(.put(test.record(key, indexKey: [5], expiresAt: end), expecting: .absent))
            let query = RecordQuery(partition: test.home, kind: .family)
            let indexed = RecordQuery(partition: test.home, kind: .family, indexKey: [5])
            try test.expect(try await test.version(key), is: Version(1))
            try test.expect(try await test.store.find(query, now: test.now).count, is: 1)
            try test.expect(try await test.store.find(indexed, now: test.now).count, is: 1)
            try test.expect(try await test.version(key, at: end), is: .absent)
            try test.expect(try await test.store.load([key, key], now: end).compactMap(\.self).count, is: 0)
            try test.expect(try await test.store.find(query, now: end).count, is: 0)
            try test.expect(try await test.store.find(indexed, now: end).count, is: 0)
        },
        StoreCheck("an expired record counts as absent in every condition") { test in
            let end = test.now + .milliseconds(1)
            let old = test.record(test.key([1]), body: [1], indexKey: [1], expiresAt: end, activity: Activity(lastSeen: test.now, retries: 9))
            try await test.commit(.put(old, expecting: .absent))
            let new = test.record(old.key, body: [2], expiresAt: end + .seconds(1))
            try test.expect(!(try await test.succeeds(.put(new, expecting: .absent))), "inserted over what is still there")
            try test.expect(!(try await test.succeeds(.put(new, expecting: Version(1)), at: end)), "replaced what had expired")
            try test.expect(!(try await test.succeeds(.remove(old.key, expecting: Version(1)), at: end)), "removed what had expired")
            try test.expect(!(try await test.succeeds(.expect(old.key, expecting: Version(1)), at: end)), "expected what had expired")
            try await test.commit(.expect(old.key, expecting: .absent), at: end)
            try await test.commit(.put(new, expecting: .absent), at: end)
            var wanted = new
            wanted.version = Version(1)
            try test.expect(try await test.load(old.key, at: end), is: wanted)
            let indexed = RecordQuery(partition: test.home, kind: .family, indexKey: [1])
            try test.expect(try await test.store.find(indexed, now: end).count, is: 0)
        },
        StoreCheck("a put gives more time, or less") { test in
            let key = test.key([1])
            for (index, seconds) in [100, 200, 50, 60].enumerated() {
                let end = test.now + .seconds(seconds)
                try await test.commit(.put(test.record(key, expiresAt: end), expecting: Version(UInt64(index))))
                try test.expect(try await test.load(key, at: end - .milliseconds(1))?.expiresAt, is: end)
                try test.expect(try await test.version(key, at: end), is: .absent)
            }
        },
        StoreCheck("a record without an end is there at the last millisecond") { test in
            let key = test.key([1])
            try await test.commit(.put(test.record(key, expiresAt: .distantFuture), expecting: .absent))
            let last = UnixTime(milliseconds: .max - 1)
            try test.expect(try await test.version(key, at: last), is: Version(1))
            _ = try await test.store.sweep(now: last, limit: 10)
            try test.expect(try await test.version(key, at: last), is: Version(1))
        },
    ]
}
