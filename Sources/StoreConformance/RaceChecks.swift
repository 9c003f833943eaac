import TokenCore

/// Commits that name one record are decided one after the other.
enum RaceChecks {
    static let all = [
        StoreCheck("of sixteen writers that expect one version exactly one wins, every time") { test in
            let key = test.key([1])
            for round in 0..<60 as Range<UInt64> {
                let winners = try await test.concurrently(16) { writer -> Int? in
                    let put = Write.put(test.record(key, body: [UInt8(writer)]), expecting: Version(round))
                    return try await test.succeeds(put, events: [Event(.refreshed, at: test.now, count: UInt64(writer))]) ? writer : nil
                }.compactMap(\.self)
                try test.expect(winners.count, is: 1)
                let record = try await test.load(key)
                try test.expect(record?.version, is: Version(round + 1))
                try test.expect(record?.body, is: winners.map { UInt8($0) })
            }
            try test.expect(try await test.store.events(after: 0, limit: 1000).count, is: 60)
        },
        StoreCheck("of sixteen removals exactly one succeeds") { test in
            let key = test.key([1])
            for _ in 0..<20 {
                try await test.commit(.put(test.record(key), expecting: .absent))
                let removed = try await test.concurrently(16) { _ in try await test.succeeds(.remove(key, expecting: Version(1))) }
                try test.expect(removed.filter(\.self).count, is: 1)
            }
        },
        StoreCheck("of two writers that each expect what the other writes at most one wins") { test in
            let keys = [test.key([1]), test.key([2])]
            for key in keys { try await test.commit(.put(test.record(key), expecting: .absent)) }
            for round in 0..<40 {
                let versions = try await test.store.load(keys, now: test.now).map { $0?.version ?? .absent }
                let won = try await test.concurrently(2) { writer in
                    try await test.succeeds(
                        .put(test.record(keys[writer]), expecting: versions[writer]), .expect(keys[1 - writer], expecting: versions[1 - writer]))
                }
                try test.expect(won.filter(\.self).count == 1, "\(won) in round \(round)")
            }
        },
        StoreCheck("a read that begins after a commit returned sees it") { test in
            _ = try await test.concurrently(16) { writer in
                let key = test.key([UInt8(writer)])
                for round in 0..<40 as Range<UInt64> {
                    try await test.commit(.put(test.record(key, body: [UInt8(round)], indexKey: key.id), expecting: Version(round)))
                    try test.expect(try await test.load(key)?.body, is: [UInt8(round)])
                    let found = try await test.store.find(
                        RecordQuery(partition: test.home, kind: .family, indexKey: key.id), now: test.now)
                    try test.expect(found.map(\.version), is: [Version(round + 1)])
                }
            }
        },
        StoreCheck("records loaded together are of one moment") { test in
            let keys = [test.key([1]), test.key([2])]
            let rounds = 100 as UInt64
            _ = try await test.concurrently(5) { task in
                if task == 0 {
                    for round in 0..<rounds {
                        let writes = keys.map { Write.put(test.record($0, body: [UInt8(round)]), expecting: Version(round)) }
                        try await test.store.commit(WriteBatch(partition: test.home, now: test.now, writes: writes))
                    }
                } else {
                    for _ in 0..<200 {
                        let found = try await test.store.load(keys, now: test.now)
                        try test.expect(found[0]?.body, is: found[1]?.body)
                        await Task.yield()
                    }
                }
            }
        },
        StoreCheck("a thousand commits at once all go through or are refused as overload") { test in
            _ = try await test.concurrently(1000) { index in
                let key = test.key([UInt8(index >> 8), UInt8(index & 255)])
                let batch = WriteBatch(partition: test.home, now: test.now, writes: [.put(test.record(key), expecting: .absent)])
                try await test.commitPatiently(batch)
                try test.expect(try await test.version(key), is: Version(1))
            }
        },
    ]
}
