import TokenCore

/// Activity is merged without conflicts and without loss.
enum TouchChecks {
    static let all = [
        StoreCheck("a touch keeps the later time, adds the counts and leaves the version") { test in
            let key = test.key([1])
            try await test.commit(.put(test.record(key, activity: Activity(lastSeen: test.now, retries: 2)), expecting: .absent))
            try await test.commit(.touch(key, Activity(lastSeen: test.now - .seconds(5), retries: 3), extendingTo: nil))
            try test.expect(try await test.load(key)?.activity, is: Activity(lastSeen: test.now, retries: 5))
            let later = test.now + .milliseconds(1)
            try await test.commit(.touch(key, Activity(lastSeen: later), extendingTo: nil))
            try test.expect(try await test.load(key)?.activity, is: Activity(lastSeen: later, retries: 5))
            try test.expect(try await test.version(key), is: Version(1))
        },
        StoreCheck("the count of a touch stops at its largest value") { test in
            let key = test.key([1])
            try await test.commit(.put(test.record(key, activity: Activity(lastSeen: .epoch, retries: .max - 1)), expecting: .absent))
            for _ in 0..<2 { try await test.commit(.touch(key, Activity(lastSeen: .epoch, retries: .max), extendingTo: nil)) }
            try test.expect(try await test.load(key)?.activity.retries, is: .max)
        },
        StoreCheck("a touch gives more time and never less") { test in
            let key = test.key([1])
            let end = test.now + .seconds(10)
            try await test.commit(.put(test.record(key, expiresAt: end), expecting: .absent))
            try await test.commit(.touch(key, .none, extendingTo: end - .seconds(1)))
            try test.expect(try await test.load(key)?.expiresAt, is: end)
            try await test.commit(.touch(key, .none, extendingTo: end + .seconds(1)))
            try test.expect(try await test.load(key)?.expiresAt, is: end + .seconds(1))
            try await test.commit(.touch(key, .none, extendingTo: nil))
            try test.expect(try await test.version(key, at: end), is: Version(1))
            try test.expect(try await test.version(key, at: end + .seconds(1)), is: .absent)
        },
        StoreCheck("a touch of what is absent or expired does nothing") { test in
            let (absent, expired) = (test.key([1]), test.key([2]))
            let end = test.now + .milliseconds(1)
            try await test.commit(.put(test.record(expired, expiresAt: end), expecting: .absent))
            for key in [absent, expired] {
                try await test.commit(.touch(key, Activity(lastSeen: end), extendingTo: end + .seconds(5)), at: end)
                try test.expect(try await test.version(key, at: end), is: .absent)
            }
        },
        StoreCheck("a put merges its activity into the stored one") { test in
            let key = test.key([1])
            let before = test.now - .seconds(1)
            try await test.commit(.put(test.record(key, activity: Activity(lastSeen: test.now, retries: 1)), expecting: .absent))
            try await test.commit(.put(test.record(key, activity: Activity(lastSeen: before, retries: 2)), expecting: Version(1)))
            try test.expect(try await test.load(key)?.activity, is: Activity(lastSeen: test.now, retries: 3))
        },
        StoreCheck("a touch and a put of one record in one batch both count") { test in
            let key = test.key([1])
            let touch = Write.touch(key, Activity(lastSeen: test.now, retries: 1), extendingTo: nil)
            let put = { (version: UInt64, seconds: Int64) in
                Write.put(
                    test.record(
                        key, indexKey: [UInt8(version)], expiresAt: test.now + .seconds(seconds), activity: Activity(lastSeen: .epoch, retries: 10)),
                    expecting: Version(version))
            }
            try await test.commit(put(0, 100), touch)
            try test.expect(try await test.load(key)?.activity, is: Activity(lastSeen: test.now, retries: 11))
            try await test.commit(touch, put(1, 200))
            try test.expect(try await test.load(key)?.activity, is: Activity(lastSeen: test.now, retries: 22))
            try await test.commit(touch, touch, put(2, 50))
            try test.expect(try await test.load(key)?.activity, is: Activity(lastSeen: test.now, retries: 34))
            try test.expect(try await test.load(key)?.expiresAt, is: test.now + .seconds(50))
        },
        StoreCheck("touches and puts at the same time lose nothing") { test in
            let key = test.key([1])
            try await test.commit(.put(test.record(key), expecting: .absent))
            let puts = try await test.concurrently(32) { index in
                var won = 0
                for round in 0..<8 {
                    let time = test.now + .milliseconds(Int64(index * 8 + round))
                    try await test.commit(.touch(key, Activity(lastSeen: time, retries: 1), extendingTo: test.now + .seconds(7200)))
                    if index % 4 == 0 {
                        let version = try await test.version(key)
                        let record = test.record(key, expiresAt: test.now + .seconds(7200), activity: Activity(lastSeen: .epoch, retries: 1))
                        if try await test.succeeds(.put(record, expecting: version)) { won += 1 }
                    }
                }
                return won
            }
            let won = puts.reduce(0, +)
            let record = try await test.load(key)
            try test.expect(record?.version, is: Version(UInt64(1 + won)))
            try test.expect(record?.activity, is: Activity(lastSeen: test.now + .milliseconds(255), retries: UInt32(256 + won)))
        },
    ]
}
