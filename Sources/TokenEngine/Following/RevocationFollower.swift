import Logging
public import ServiceLifecycle
import Synchronization
public import TokenCore

/// Follows the revocation logs of a shared store, so that what one instance revoked is refused by this one too.
///
/// A bell has the log of its partition read at once; a look at all heads, every second, finds what no bell told of. `FollowMachine` says what to
/// read; what was read is enforced before it counts. Entries are only ever added: what was refused here once is never accepted again.
public final class RevocationFollower: Service {
    /// What everybody who enforces is to do, in the engine's words.
    struct Enforcement: Sendable {
        /// Enforces entries; when it returns, everybody does.
        var enforce: @Sendable ([RevocationEntry]) async -> Void
        /// Reads what outlives its entry in the log: with every look.
        var look: @Sendable () async throws(StoreError) -> Void
    }

    private struct State {
        var machine = FollowMachine()
        /// What requests took for now when the look that is under way began.
        var lookBeganAt = UnixTime.epoch
        var trouble = Trouble()
    }

    /// The pause between two looks: a tenth more or less, so that many instances do not look together.
    static let pause = Duration.seconds(1)
    /// How often the start tries to read logs that change under it.
    static let attempts = 3
    private static let never = Int64.min

    private let store: any SharedStore
    private let clock: any WallClock
    private let maxStaleness: Duration
    private let enforcement: Enforcement
    private let logger: Logger
    private let monotonic: @Sendable () -> MonotonicTime
    private let madeAt: MonotonicTime
    /// Guards the machine for one event; nothing is read or enforced inside.
    private let state = Mutex(State())
    /// The machine's freshness, in microseconds, for those who may not wait for it.
    private let freshness = Atomic(never)
    /// Up to which time of a request this instance is fresh enough, in milliseconds.
    private let freshUntil = Atomic(never)

    init(
        of store: any SharedStore, clock: any WallClock, maxStaleness: Duration, enforcement: Enforcement, logger: Logger,
        monotonic: @escaping @Sendable () -> MonotonicTime = { MonotonicTime.read() }
    ) {
        self.store = store
        self.clock = clock
        self.maxStaleness = maxStaleness
        self.enforcement = enforcement
        self.logger = logger
        self.monotonic = monotonic
        madeAt = monotonic()
    }

    /// Reads every log from its beginning and has it enforced. To be called before the first request; `TokenEngine.start` is then not needed.
    ///
    /// - Throws: what the store throws, and `.unavailable` when the logs went back while they were read, three times.
    public func start() async throws(StoreError) {
        for _ in 0..<Self.attempts {
            var (orders, failure) = (try await look(), StoreError?.none)
            while !orders.isEmpty {
                let (next, error) = await carryOutTogether(orders)
                (orders, failure) = (next, failure ?? error)
            }
            if let failure { throw failure }
            if freshness.load(ordering: .relaxed) != Self.never { return }
        }
        throw .unavailable("the revocation logs changed while they were read")
    }

    /// Follows until the service group shuts down. What the store cannot answer is asked again; after any time without an answer nothing is missed.
    public func run() async throws {
        let (orders, ordered) = AsyncStream<FollowMachine.Order>.makeStream()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.listen(ordered) }
                group.addTask { await self.look(ordered) }
                // The machine bounds how many there are: one for a partition, `FollowMachine.mostReads` in all.
                for await order in orders {
                    group.addTask { ordered.yield(contentsOf: await self.carryOut(order).next) }
                }
            }
        }
    }

    /// How long ago the last look began after which everything up to the heads that it saw was enforced here: whatever was revoked before that is
    /// refused. Before the first, how long nothing has been known. Cheap; callable from any thread.
    public var lag: Duration {
        let at = freshness.load(ordering: .relaxed)
        return monotonic() - (at == Self.never ? madeAt : MonotonicTime(microseconds: at))
    }

    /// Whether more is unknown at this time than `maxStaleness` allows, or nothing has been read yet. One comparison: for event loops, with the time
    /// that the request has read already. Where the store's time jumps forward, this may be true until the next look.
    public func isStale(at now: UnixTime) -> Bool { now.milliseconds > freshUntil.load(ordering: .relaxed) }

    /// Whether the lag is longer than that, or nothing has been read yet. One read of the monotonic clock, and no lock.
    public func isStale(after limit: Duration) -> Bool {
        let at = freshness.load(ordering: .relaxed)
        return at == Self.never || monotonic() - MonotonicTime(microseconds: at) > limit
    }

    /// How often a log was read again from its beginning, because the store had gone back or numbers were missing.
    public var reloads: UInt64 { state.withLock { $0.machine.reloads } }
}

extension RevocationFollower {
    private func listen(_ ordered: AsyncStream<FollowMachine.Order>.Continuation) async {
        for await partition in store.bells() { ordered.yield(contentsOf: tell { $0.rang(partition) }) }
    }

    private func look(_ ordered: AsyncStream<FollowMachine.Order>.Continuation) async {
        while !Task.isCancelled {
            do { ordered.yield(contentsOf: try await look()) } catch { _ = failed(error) { _ in [] } }
            try? await Task.sleep(for: Self.pause * Double.random(in: 0.9...1.1))
        }
    }

    /// One look at all heads, unless what the last one saw is still being read.
    func look() async throws(StoreError) -> [FollowMachine.Order] {
        let (now, time) = (monotonic(), clock.now())
        let begins = state.withLock { state in
            guard state.machine.beginLook(at: now) else { return false }
            state.lookBeganAt = time
            return true
        }
        guard begins else { return [] }
        do {
            let heads = try await store.survey()
            try await enforcement.look()
            return tell { $0.looked(heads, isWhole: heads.count > store.partitionCount) }
        } catch {
            state.withLock { $0.machine.lookFailed() }
            throw error
        }
    }

    /// Reads a page, has it enforced, and learns what is to be read next.
    func carryOut(_ order: FollowMachine.Order) async -> (next: [FollowMachine.Order], failure: StoreError?) {
        do throws(StoreError) {
            let page = try await store.revocations(in: order.partition, after: order.after, limit: FollowMachine.page)
            if !page.isEmpty { await enforcement.enforce(page.map(\.entry)) }
            return (tell { $0.enforced(page, of: order) }, nil)
        } catch {
            return (failed(error) { $0.failed(order) }, error)
        }
    }

    private func carryOutTogether(_ orders: [FollowMachine.Order]) async -> (next: [FollowMachine.Order], failure: StoreError?) {
        await withTaskGroup(of: (next: [FollowMachine.Order], failure: StoreError?).self) { group in
            for order in orders { group.addTask { await self.carryOut(order) } }
            return await group.reduce(into: ([], nil)) { all, one in
                all.next += one.next
                all.failure = all.failure ?? one.failure
            }
        }
    }

    /// Tells the machine of an event, and everybody of how fresh that makes us.
    private func tell(_ event: (inout FollowMachine) -> [FollowMachine.Order]) -> [FollowMachine.Order] {
        let (orders, failures) = state.withLock { state -> ([FollowMachine.Order], Int?) in
            let before = state.machine.freshness
            let orders = event(&state.machine)
            guard let now = state.machine.freshness, now != before else { return (orders, nil) }
            freshness.store(now.microseconds, ordering: .relaxed)
            freshUntil.store((state.lookBeganAt + maxStaleness).milliseconds, ordering: .relaxed)
            return (orders, state.trouble.ended())
        }
        if let failures { logger.notice("revocations are followed again", metadata: ["failures": "\(failures)"]) }
        return orders
    }

    private func failed(_ error: StoreError, _ event: (inout FollowMachine) -> [FollowMachine.Order]) -> [FollowMachine.Order] {
        // What the end of the service cuts short is no trouble.
        let isTrouble = !Task.isCancelled
        let (orders, failures) = state.withLock { state in (event(&state.machine), isTrouble ? state.trouble.failed(at: .now) : nil) }
        if let failures {
            logger.warning(
                "revocations cannot be followed; it is tried again",
                metadata: ["error": "\(error)", "failures": "\(failures)", "lag": "\(lag)"])
        }
        return orders
    }
}

extension AsyncStream.Continuation where Element: Sendable {
    fileprivate func yield(contentsOf elements: [Element]) { for element in elements { yield(element) } }
}

extension RevocationFollower: CustomStringConvertible {
    /// For the log of a service group.
    public var description: String { "revocation follower" }
}
