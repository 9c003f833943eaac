import JOSE
import Logging
import Synchronization
import TokenCore
import TokenSealing

@testable import TokenEngine

/// A store that fails when it is told to, in front of one that does not.
final class FaultyStore: RecordStore {
    /// What goes wrong, until it is used up.
    struct Faults {
        var loads = 0
        var commits = 0
        var error = StoreError.unavailable("a planted fault")

        mutating func takeLoad() -> Bool { Self.take(&loads) }
        mutating func takeCommit() -> Bool { Self.take(&commits) }

        private static func take(_ count: inout Int) -> Bool {
            guard count > 0 else { return false }
            count -= 1
            return true
        }
    }

    let store = InMemoryStore()
    private let faults = Mutex(Faults())

    var partitionCount: Int { store.partitionCount }

    func fail(loads: Int = 0, commits: Int = 0, with error: StoreError = .unavailable("a planted fault")) {
        faults.withLock { $0 = Faults(loads: loads, commits: commits, error: error) }
    }

    func load(_ keys: [RecordKey], now: UnixTime) async throws(StoreError) -> [StoredRecord?] {
        try fails { $0.takeLoad() }
        return try await store.load(keys, now: now)
    }

    func commit(_ batch: WriteBatch) async throws(StoreError) {
        try fails { $0.takeCommit() }
        try await store.commit(batch)
    }

    func find(_ query: RecordQuery, now: UnixTime) async throws(StoreError) -> [StoredRecord] { try await store.find(query, now: now) }
    func sweep(now: UnixTime, limit: Int) async throws(StoreError) -> Int { try await store.sweep(now: now, limit: limit) }
    func check() async throws(StoreError) { try await store.check() }

    private func fails(_ take: @Sendable (inout Faults) -> Bool) throws(StoreError) {
        let error: StoreError? = faults.withLock { take(&$0) ? $0.error : nil }
        if let error { throw error }
    }
}

/// One store, one clock, and as many instances as a test likes.
struct KeyHarness {
    static let policy = KeyPolicy(
        algorithm: "ES256", rotateEvery: .seconds(10_000), publishAhead: .seconds(1000), accessLifetime: .seconds(900),
        refreshLifetime: .seconds(86_400))

    let faulty = FaultyStore()
    let clock = ManualClock()
    let seals = SealKeys.generate()

    var store: InMemoryStore { faulty.store }

    func keeper(_ seals: SealKeys? = nil, policy: KeyPolicy = policy) -> KeyKeeper {
        KeyKeeper(
            store: faulty, seals: seals ?? self.seals, policy: policy, clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func started(_ seals: SealKeys? = nil, policy: KeyPolicy = policy) async throws -> KeyKeeper {
        let keeper = keeper(seals, policy: policy)
        try await keeper.start()
        return keeper
    }

    func ring() async throws -> Versioned<KeyRing>? { try await store.load(KeyRing.self, id: (), now: clock.now()) }

    func events() async throws -> [Event.Name] { try await store.events(after: 0, limit: 10_000).map(\.event.name) }

    func sealNumbers() async throws -> Set<SealNumber> {
        Set(try await ring()?.record.keys.compactMap(\.material).map { try RecordSealer.sealNumber(of: $0.sealed) } ?? [])
    }
}
