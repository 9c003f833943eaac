import TokenCore

/// A store with the words that checks are written in.
struct StoreUnderTest: Sendable {
    let store: any ConformingStore
    let check: String
    /// Where everything happens unless a check says otherwise.
    let home = Partition.control
    /// Some time in 2026.
    let now = UnixTime(milliseconds: 1_790_000_000_123)

    /// Fails the check unless the condition holds.
    func expect(_ condition: Bool, _ seen: @autoclosure () -> String = "", file: StaticString = #fileID, line: Int = #line) throws {
        guard !condition else { return }
        throw ConformanceFailure(check: check, reason: "\(seen()) (\(file):\(line))")
    }

    /// Fails the check unless both are equal.
    func expect<T: Equatable>(_ seen: T, is wanted: T, file: StaticString = #fileID, line: Int = #line) throws {
        try expect(seen == wanted, "saw \(seen), wanted \(wanted)", file: file, line: line)
    }

    /// A key in the home partition.
    func key(_ id: [UInt8], _ kind: RecordKind = .family) -> RecordKey { RecordKey(partition: home, kind: kind, id: id) }

    /// A record that lives an hour.
    func record(
        _ key: RecordKey, body: [UInt8] = [1], indexKey: [UInt8]? = nil, expiresAt: UnixTime? = nil, activity: Activity = .none
    ) -> StoredRecord {
        StoredRecord(
            key: key, version: .absent, body: body, indexKey: indexKey, expiresAt: expiresAt ?? now + .seconds(3600), activity: activity)
    }

    /// Commits writes in the home partition.
    func commit(_ writes: Write..., revocations: [RevocationEntry] = [], events: [Event] = [], at time: UnixTime? = nil) async throws {
        try await store.commit(
            WriteBatch(partition: home, now: time ?? now, writes: writes, revocations: revocations, events: events))
    }

    /// Whether a commit of these writes goes through; false when it conflicts.
    func succeeds(_ writes: Write..., revocations: [RevocationEntry] = [], events: [Event] = [], at time: UnixTime? = nil) async throws -> Bool {
        try await succeeds(WriteBatch(partition: home, now: time ?? now, writes: writes, revocations: revocations, events: events))
    }

    /// Whether a commit of this batch goes through; false when it conflicts.
    func succeeds(_ batch: WriteBatch) async throws -> Bool {
        do {
            try await store.commit(batch)
            return true
        } catch {
            guard error == .conflict else { throw error }
            return false
        }
    }

    /// The record as it is.
    func load(_ key: RecordKey, at time: UnixTime? = nil) async throws -> StoredRecord? {
        let found = try await store.load([key], now: time ?? now)
        try expect(found.count, is: 1)
        return found[0]
    }

    /// The version of the record as it is.
    func version(_ key: RecordKey, at time: UnixTime? = nil) async throws -> Version {
        try await load(key, at: time)?.version ?? .absent
    }

    /// Does something many times at once and returns the answers in no order.
    func concurrently<T: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> T) async throws -> [T] {
        try await withThrowingTaskGroup(of: T.self) { group in
            for index in 0..<count { group.addTask { try await body(index) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// A commit repeated while the store says that too much is waiting: what a caller would do.
    func commitPatiently(_ batch: WriteBatch) async throws {
        while true {
            do { return try await store.commit(batch) } catch {
                guard error == .overloaded else { throw error }
                await Task.yield()
            }
        }
    }
}
