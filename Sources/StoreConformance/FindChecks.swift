import TokenCore

/// Lists are ordered, paged and complete.
enum FindChecks {
    static let all = [
        StoreCheck("records are found in the order of their ids' bytes") { test in
            let ids: [[UInt8]] = [[], [0], [0, 0], [0, 255], [1], [127], [128], [128, 1], [255], [255, 0], [255, 255]]
            for id in ids.reversed() { try await test.commit(.put(test.record(test.key(id), indexKey: [1]), expecting: .absent)) }
            for indexKey in [nil, [1]] as [[UInt8]?] {
                let query = RecordQuery(partition: test.home, kind: .family, indexKey: indexKey, limit: 1000)
                try test.expect(try await test.store.find(query, now: test.now).map(\.key.id), is: ids)
            }
        },
        StoreCheck("pages join without gap or repetition, whatever their size") { test in
            let ids = (0..<50 as Range<UInt8>).map { [$0 / 7, $0] }
            for id in ids { try await test.commit(.put(test.record(test.key(id), indexKey: [id[1] % 2]), expecting: .absent)) }
            for limit in [1, 3, 7, 49, 50, 51] {
                for indexKey in [nil, [0], [1]] as [[UInt8]?] {
                    let wanted = ids.filter { indexKey == nil || [$0[1] % 2] == indexKey }
                    try test.expect(try await pages(test, indexKey, limit), is: wanted)
                }
            }
        },
        StoreCheck("a list has only records of its partition, kind and index key") { test in
            let elsewhere = Partition(number: 0) ?? test.home
            let other = RecordKey(partition: elsewhere, kind: .family, id: [1])
            let inserts: [(RecordKey, [UInt8]?)] = [
                (test.key([1]), [1]), (test.key([2]), [1, 0]), (test.key([3]), []), (test.key([4]), nil), (test.key([5], .client), [1]), (other, [1]),
            ]
            for (key, indexKey) in inserts {
                let put = Write.put(test.record(key, indexKey: indexKey), expecting: .absent)
                try await test.store.commit(WriteBatch(partition: key.partition, now: test.now, writes: [put]))
            }
            let wanted: [([UInt8]?, [[UInt8]])] = [(nil, [[1], [2], [3], [4]]), ([1], [[1]]), ([1, 0], [[2]]), ([], [[3]]), ([2], [])]
            for (indexKey, ids) in wanted {
                let query = RecordQuery(partition: test.home, kind: .family, indexKey: indexKey)
                try test.expect(try await test.store.find(query, now: test.now).map(\.key.id), is: ids)
            }
        },
        StoreCheck("a put moves a record from one index key to another") { test in
            let key = test.key([1])
            let states: [[UInt8]?] = [[1], [2], nil, [1]]
            for (round, indexKey) in states.enumerated() {
                try await test.commit(.put(test.record(key, indexKey: indexKey), expecting: Version(UInt64(round))))
                for asked in [[1], [2]] as [[UInt8]] {
                    let found = try await test.store.find(RecordQuery(partition: test.home, kind: .family, indexKey: asked), now: test.now)
                    try test.expect(found.count, is: indexKey == asked ? 1 : 0)
                }
            }
            try await test.commit(.remove(key, expecting: Version(4)))
            let found = try await test.store.find(RecordQuery(partition: test.home, kind: .family, indexKey: [1]), now: test.now)
            try test.expect(found.count, is: 0)
        },
        StoreCheck("a found record is as loaded: it can be written back") { test in
            let record = test.record(test.key([1]), body: [1, 2], indexKey: [3], activity: Activity(lastSeen: test.now, retries: 4))
            try await test.commit(.put(record, expecting: .absent))
            let found = try await test.store.find(RecordQuery(partition: test.home, kind: .family), now: test.now)
            try test.expect(found, is: [try await test.load(record.key)].compactMap(\.self))
            try await test.commit(.put(record, expecting: found[0].version))
        },
        StoreCheck("expired records take no place on a page") { test in
            for id in 0..<20 as Range<UInt8> {
                let end = test.now + .seconds(id % 2 == 0 ? 1 : 100)
                try await test.commit(.put(test.record(test.key([id]), indexKey: [1], expiresAt: end), expecting: .absent))
            }
            for indexKey in [nil, [1]] as [[UInt8]?] {
                let query = RecordQuery(partition: test.home, kind: .family, indexKey: indexKey, limit: 10)
                let found = try await test.store.find(query, now: test.now + .seconds(1))
                try test.expect(found.map { $0.key.id[0] }, is: [1, 3, 5, 7, 9, 11, 13, 15, 17, 19])
            }
        },
    ]

    private static func pages(_ test: StoreUnderTest, _ indexKey: [UInt8]?, _ limit: Int) async throws -> [[UInt8]] {
        var ids: [[UInt8]] = []
        while true {
            let query = RecordQuery(partition: test.home, kind: .family, indexKey: indexKey, after: ids.last, limit: limit)
            let page = try await test.store.find(query, now: test.now).map(\.key.id)
            try test.expect(page.count <= limit, "a page of \(page.count) with limit \(limit)")
            ids += page
            if page.count < limit { return ids }
        }
    }
}
