import TokenCore

/// Sweeping removes what has expired and nothing else, in bounded pieces.
enum SweepChecks {
    /// What holds of a store that is swept.
    static let swept = [
        StoreCheck("a sweep removes what has expired, to the millisecond, and nothing else") { test in
            for (id, offset) in [-1, 0, 1].enumerated() {
                let end = test.now + .seconds(10) + .milliseconds(Int64(offset))
                try await test.commit(.put(test.record(test.key([UInt8(id)]), indexKey: [1], expiresAt: end), expecting: .absent))
            }
            try test.expect(try await test.store.sweep(now: test.now, limit: 100), is: 0)
            try test.expect(try await test.store.sweep(now: test.now + .seconds(10), limit: 100), is: 2)
            try test.expect(try await test.store.sweep(now: test.now + .seconds(10), limit: 100), is: 0)
            // Looked at with an earlier clock: what was removed is gone from every list as well.
            let query = RecordQuery(partition: test.home, kind: .family, indexKey: [1])
            try test.expect(try await test.store.find(query, now: test.now).map(\.key.id), is: [[2]])
            try test.expect(try await test.version(test.key([2])), is: Version(1))
        },
        StoreCheck("a sweep removes at most its limit, and fewer only when nothing is left") { test in
            for id in 0..<25 as Range<UInt8> {
                try await test.commit(.put(test.record(test.key([id]), expiresAt: test.now + .milliseconds(Int64(id) + 1)), expecting: .absent))
            }
            let later = test.now + .seconds(1)
            var removed: [Int] = []
            for _ in 0..<4 { removed.append(try await test.store.sweep(now: later, limit: 10)) }
            try test.expect(removed, is: [10, 10, 5, 0])
        },
        StoreCheck("what was given more time is not swept at its first end, but at its last") { test in
            let (touched, put, shortened) = (test.key([1]), test.key([2]), test.key([3]))
            let (soon, late) = (test.now + .seconds(10), test.now + .seconds(100))
            for key in [touched, put] { try await test.commit(.put(test.record(key, expiresAt: soon), expecting: .absent)) }
            try await test.commit(.put(test.record(shortened, expiresAt: late), expecting: .absent))
            try await test.commit(.touch(touched, .none, extendingTo: late))
            try await test.commit(.put(test.record(put, expiresAt: late), expecting: Version(1)))
            try await test.commit(.put(test.record(shortened, expiresAt: soon), expecting: Version(1)))
            try test.expect(try await test.store.sweep(now: soon, limit: 100), is: 1)
            try test.expect(try await test.version(shortened), is: .absent)
            try test.expect(try await test.version(touched, at: soon), is: Version(1))
            try test.expect(try await test.version(put, at: soon), is: Version(2))
            try test.expect(try await test.store.sweep(now: late - .milliseconds(1), limit: 100), is: 0)
            try test.expect(try await test.store.sweep(now: late, limit: 100), is: 2)
        },
        StoreCheck("a sweep with a small limit gets past records that were given more time") { test in
            let (soon, late) = (test.now + .seconds(10), test.now + .seconds(100))
            for id in 0..<40 as Range<UInt8> {
                try await test.commit(.put(test.record(test.key([id]), expiresAt: soon), expecting: .absent))
                if id < 35 { try await test.commit(.touch(test.key([id]), .none, extendingTo: late)) }
            }
            try test.expect(try await test.store.sweep(now: soon, limit: 3), is: 3)
            try test.expect(try await test.store.sweep(now: soon, limit: 3), is: 2)
        },
    ]

    /// What holds of every store.
    static let all = [
        StoreCheck("sweeping while others write removes nothing that lives") { test in
            _ = try await test.concurrently(9) { task in
                if task == 0 {
                    for step in 0..<50 as Range<Int64> { _ = try await test.store.sweep(now: test.now + .milliseconds(step), limit: 5) }
                } else {
                    for step in 0..<50 as Range<UInt64> {
                        let record = test.record(test.key([UInt8(task)]), expiresAt: test.now + .seconds(1) + .milliseconds(Int64(step)))
                        try await test.commit(.put(record, expecting: Version(step)))
                        let brief = test.record(test.key([UInt8(task), UInt8(step)]), expiresAt: test.now + .milliseconds(1))
                        try await test.commit(.put(brief, expecting: .absent))
                    }
                }
            }
            for task in 1..<9 as Range<UInt8> { try test.expect(try await test.version(test.key([task])), is: Version(50)) }
        }
    ]
}
