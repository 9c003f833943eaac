import TokenCore

/// Records come back as they were written.
enum RecordChecks {
    static let all = [
        StoreCheck("the number of partitions is a power of two") { test in
            let count = test.store.partitionCount
            try test.expect(count >= 1 && count <= Partition.most && count.nonzeroBitCount == 1, "\(count) partitions")
        },
        StoreCheck("a store can say that it can write") { test in
            try await test.store.check()
            try await test.store.check()
        },
        StoreCheck("a record that was never written is absent") { test in
            try test.expect(try await test.load(test.key([1])) == nil, "something is there")
        },
        StoreCheck("a record is read back whole, at version 1") { test in
            for record in samples(test) {
                try await test.commit(.put(record, expecting: .absent))
                var wanted = record
                wanted.version = Version(1)
                try test.expect(try await test.load(record.key), is: wanted)
            }
        },
        StoreCheck("every put raises the version by one and replaces everything") { test in
            let key = test.key([7])
            for number in 0..<10 as Range<UInt64> {
                let record = test.record(
                    key, body: [UInt8(number)], indexKey: number % 2 == 0 ? [UInt8(number)] : nil, expiresAt: test.now + .seconds(Int64(100 - number))
                )
                try await test.commit(.put(record, expecting: Version(number)))
                var wanted = record
                wanted.version = Version(number + 1)
                try test.expect(try await test.load(key), is: wanted)
            }
        },
        StoreCheck("records are loaded in the order of their keys, gaps and repetitions included") { test in
            for id in 0..<3 as Range<UInt8> { try await test.commit(.put(test.record(test.key([id]), body: [id]), expecting: .absent)) }
            let asked: [UInt8] = [2, 9, 0, 2, 1]
            let found = try await test.store.load(asked.map { test.key([$0]) }, now: test.now)
            try test.expect(found.map { $0?.body }, is: [[2], nil, [0], [2], [1]])
            try test.expect(try await test.store.load([], now: test.now).count, is: 0)
        },
        StoreCheck("a thousand records are loaded at once") { test in
            let keys = (0..<1024).map { test.key([UInt8($0 >> 8), UInt8($0 & 255)]) }
            try await test.store.commit(
                WriteBatch(partition: test.home, now: test.now, writes: keys.map { .put(test.record($0, body: $0.id), expecting: .absent) }))
            try test.expect(try await test.store.load(keys, now: test.now).map { $0?.body }, is: keys.map(\.id))
        },
        StoreCheck("a removed record is absent and starts again at version 1") { test in
            let record = test.record(test.key([1]), activity: Activity(lastSeen: test.now, retries: 5))
            try await test.commit(.put(record, expecting: .absent))
            try await test.commit(.remove(record.key, expecting: Version(1)))
            try test.expect(try await test.load(record.key) == nil, "it is still there")
            try await test.commit(.put(test.record(record.key), expecting: .absent))
            try test.expect(try await test.load(record.key)?.version, is: Version(1))
            try test.expect(try await test.load(record.key)?.activity, is: Activity.none)
        },
        StoreCheck("one id in another kind or partition is another record") { test in
            let elsewhere = Partition(number: 0) ?? test.home
            let keys = [test.key([1]), test.key([1], .subject), RecordKey(partition: elsewhere, kind: .family, id: [1])]
            for (index, key) in keys.enumerated() {
                let put = Write.put(test.record(key, body: [UInt8(index)]), expecting: .absent)
                try await test.store.commit(WriteBatch(partition: key.partition, now: test.now, writes: [put]))
            }
            for (index, key) in keys.enumerated() { try test.expect(try await test.load(key)?.body, is: [UInt8(index)]) }
        },
    ]

    /// Records at the bounds of what a store takes.
    private static func samples(_ test: StoreUnderTest) -> [StoredRecord] {
        let longest = [UInt8](repeating: 0xff, count: WriteBatch.Bounds.keyBytes)
        return [
            test.record(test.key([])),
            test.record(test.key([0]), body: [], indexKey: []),
            test.record(test.key([0, 0]), body: [0], indexKey: [0]),
            test.record(test.key(longest), body: Array(0...255), indexKey: longest),
            test.record(test.key([1]), body: [UInt8](repeating: 7, count: 100_000)),
            test.record(test.key([2]), expiresAt: .distantFuture),
            test.record(test.key([3]), activity: Activity(lastSeen: test.now, retries: .max)),
            test.record(test.key([4]), activity: Activity(lastSeen: .distantFuture, retries: 1)),
        ]
    }
}
