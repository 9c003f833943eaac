import NIOCore
import Synchronization
import TokenCore
import TokenEngine

/// The event loops of a server, each with its state: the enforcer of this instance.
struct EventLoops: Sendable {
    private struct Member: Sendable {
        let loop: any EventLoop
        let state: NIOLoopBound<LoopState>
        /// Drops what every token outlived.
        let upkeep: RepeatedTask
    }

    private final class Ending: Sendable {
        let hasBegun = Atomic(false)
    }

    private let members: [ObjectIdentifier: Member]
    private let feed: RevocationFeed
    /// Whether the loops are about to be shut down: what is submitted to a loop that is gone never comes back.
    private let ending = Ending()
    /// How often expired revocations are dropped: each takes some hundred bytes, so that a minute's are few.
    private static let upkeepInterval = TimeAmount.seconds(60)

    /// Makes a state for every loop of a group.
    ///
    /// - Parameter engine: nil where there are no sessions.
    init(
        group: any EventLoopGroup, engine: TokenEngine?, clock: any WallClock, limits: Limits, leeway: Duration = .zero,
        sharing: TokenServer.Sharing? = nil, upstreams: UpstreamDesk? = nil
    ) async throws {
        let feed = RevocationFeed()
        var members: [ObjectIdentifier: Member] = [:]
        for loop in group.makeIterator() {
            let seed = UInt64.random(in: .min ... .max)
            members[ObjectIdentifier(loop)] = try await loop.submit {
                let state = LoopState(
                    engine: engine, clock: clock, feed: feed, limits: limits, leeway: leeway, seed: seed, sharing: sharing, upstreams: upstreams)
                let bound = NIOLoopBound(state, eventLoop: loop)
                let upkeep = loop.scheduleRepeatedTask(initialDelay: Self.upkeepInterval, delay: Self.upkeepInterval) { _ in bound.value.expire() }
                return Member(loop: loop, state: bound, upkeep: upkeep)
            }.get()
        }
        self.feed = feed
        self.members = members
    }

    /// The state of the loop this runs on; nil for a loop of another group.
    func state(on loop: any EventLoop) -> LoopState? { members[ObjectIdentifier(loop)]?.state.value }

    /// Runs on one loop with its state.
    ///
    /// - Throws: when the loop is shut down, or is none of these.
    func on<Value: Sendable>(_ loop: any EventLoop, _ body: @escaping @Sendable (LoopState) -> Value) async throws -> Value {
        guard let member = members[ObjectIdentifier(loop)] else { throw EventLoopError.shutdown }
        return try await loop.submit { body(member.state.value) }.get()
    }

    /// Runs on every loop and gathers what comes of it; nothing once they have stopped, when there is nobody left to enforce anything against.
    func onAll<Value: Sendable>(_ body: @escaping @Sendable (LoopState) -> Value) async -> [Value] {
        var values: [Value] = []
        guard !ending.hasBegun.load(ordering: .acquiring) else { return values }
        for member in members.values {
            if let value = try? await member.loop.submit({ body(member.state.value) }).get() { values.append(value) }
        }
        return values
    }

    /// Ends the upkeep; to be called before the loops are shut down, when no connection is left.
    func stop() {
        ending.hasBegun.store(true, ordering: .releasing)
        for member in members.values { member.upkeep.cancel() }
    }
}

extension EventLoops {
    /// Has every loop forget the tokens of a key that leaves the key set, revoked or retired, before the keeper reports it.
    func follow(_ keys: KeyKeeper) async {
        await keys.onChange { change in
            _ = await onAll { state in state.keep { change.snapshot.verification[$0] != nil } }
        }
    }
}

extension EventLoops: RevocationEnforcer {
    /// Publishes the entries, after which no loop accepts what they concern, and waits until every loop has applied them.
    func enforce(_ entries: [RevocationEntry]) async {
        guard !entries.isEmpty else { return }
        let head = feed.publish(entries)
        let applied = await onAll { state in state.catchUp() }.count
        if applied == members.count { feed.trim(upTo: head) }
    }
}
