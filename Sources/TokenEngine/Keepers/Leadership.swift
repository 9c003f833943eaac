public import Logging
public import ServiceLifecycle
import Synchronization
public import TokenCore

/// Holds the leases of what one instance of many is enough for, as far as this one gets them.
///
/// The store's compare-and-swap elects: a lease lasts 5 s, its holder renews it every second, and whoever finds it over takes it. Whoever works under
/// a lease asks for its fencing number just before a commit and names it there; work that may be done twice asks `leads` alone.
public final class Leadership: Service {
    /// The pause between two renewals: of five, three may fail.
    static let pause = Duration.seconds(1)

    private let store: any RecordStore
    private let clock: any WallClock
    private let logger: Logger
    /// Guards the leases for one event; nothing is awaited inside.
    private let leases: Mutex<[LeaseRecord.Work: LeaseMachine]>

    /// Nothing is held before `start` or `run`.
    ///
    /// - Parameter works: what this instance may do.
    public init(of store: any RecordStore, works: [LeaseRecord.Work] = LeaseRecord.Work.allCases, clock: any WallClock, logger: Logger) {
        self.store = store
        self.clock = clock
        self.logger = logger
        let holder = SystemRandomness.bytes(16)
        leases = Mutex(Dictionary(uniqueKeysWithValues: Set(works).map { ($0, LeaseMachine($0, holder: holder)) }))
    }

    /// Takes what is free.
    ///
    /// - Throws: what the store throws.
    public func start() async throws(StoreError) { try await renew() }

    /// Takes and renews until the service group shuts down, and then gives up what it has, so that another instance need not wait for its end.
    public func run() async throws {
        try await Keeper("leadership", every: Self.pause, logger: logger) { try await self.renew() }.run()
        await giveUp()
    }

    /// The fencing number of some work, while this instance has it by its own clock; nil otherwise. To be named with `expect` in every commit that
    /// only the holder may make. Cheap; callable from any thread.
    public func fence(_ work: LeaseRecord.Work) -> Version? {
        let now = clock.now()
        return leases.withLock { $0[work]?.fence(at: now) }
    }

    /// Whether this instance has some work now.
    public func leads(_ work: LeaseRecord.Work) -> Bool { fence(work) != nil }

    /// One look at all leases: takes what is over, renews what is ours.
    func renew() async throws(StoreError) {
        if clock.isBehind { return }
        let works = leases.withLock { $0.keys.sorted { $0.rawValue < $1.rawValue } }
        let now = clock.now()
        let found = try await store.load(works.map { LeaseRecord.key(for: $0) }, now: now)
        var failure: StoreError?
        for (work, stored) in zip(works, found) {
            do { try await renew(work, stored, now: now) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func renew(_ work: LeaseRecord.Work, _ stored: StoredRecord?, now: UnixTime) async throws(StoreError) {
        var read: Versioned<LeaseRecord>?
        if let stored { read = Versioned(try LeaseRecord(stored: stored), version: stored.version) }
        let (claim, led) = leases.withLock { leases in (leases[work]?.read(read, now: now), leases[work]?.held != nil) }
        guard let claim else { return }
        do {
            try await commit(claim, now: now)
            leases.withLock { $0[work]?.claimed(claim) }
        } catch .conflict {
            leases.withLock { $0[work]?.lost() }
            return
        }
        if !led { logger.notice("this instance leads", metadata: ["work": "\(work)"]) }
    }

    /// Gives up everything, as far as the store can be reached: else the leases end by themselves.
    func giveUp() async {
        let now = clock.now()
        let claims = leases.withLock { leases in leases.keys.compactMap { leases[$0]?.giveUp(now: now) } }
        for claim in claims {
            do { try await commit(claim, now: now) } catch {
                logger.notice("a lease was not given up; it ends by itself", metadata: ["work": "\(claim.record.work)", "error": "\(error)"])
            }
        }
    }

    private func commit(_ claim: LeaseMachine.Claim, now: UnixTime) async throws(StoreError) {
        try await store.commit(WriteBatch(partition: .control, now: now, writes: [.put(claim.record, over: claim.over)]))
    }
}

extension Leadership: CustomStringConvertible {
    /// For the log of a service group.
    public var description: String { "leadership" }
}
