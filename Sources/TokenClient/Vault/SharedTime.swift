import Synchronization
import TokenCore

/// The time of a shared store, asked for once a second and counted on by a clock that nobody sets; without one, this machine's.
///
/// It is never behind the store's by more than two clocks run apart in a second, and ahead by at most the round trip in which it was asked for. What
/// is written as a beginning is taken back by that much (`error`): so no token ends late, whose clock ever is ahead.
final class SharedTime: Sendable {
    /// A time, and by how much it may be ahead.
    struct Now: Sendable {
        var time: UnixTime
        var error: Duration
    }

    private struct Reading {
        let time: UnixTime
        /// When the store was asked for it.
        let sent: MonotonicTime
        let roundTrip: Duration
    }

    private static let age = Duration.seconds(1)
    /// What took longer tells too little: ask again.
    private static let longestRoundTrip = Duration.milliseconds(20)
    private static let attempts = 3

    private let store: (any SharedStore)?
    /// The last reading; guarded for one copy.
    private let last = Mutex<Reading?>(nil)

    init(of store: (any SharedStore)?) { self.store = store }

    func now() async throws(StoreError) -> Now {
        guard let store else { return Now(time: Moment.read().wall, error: .zero) }
        if let last = last.withLock({ $0 }), MonotonicTime.read() - last.sent < Self.age { return Self.now(by: last) }
        var best = try await Self.ask(store)
        for _ in 1..<Self.attempts where best.roundTrip > Self.longestRoundTrip {
            let next = try await Self.ask(store)
            if next.roundTrip < best.roundTrip { best = next }
        }
        last.withLock { [best] in $0 = best }
        return Self.now(by: best)
    }

    private static func ask(_ store: any SharedStore) async throws(StoreError) -> Reading {
        let sent = MonotonicTime.read()
        let time = try await store.time()
        return Reading(time: time, sent: sent, roundTrip: MonotonicTime.read() - sent)
    }

    private static func now(by reading: Reading) -> Now {
        // The store's time was cut to whole milliseconds.
        Now(time: reading.time + (MonotonicTime.read() - reading.sent), error: reading.roundTrip + .milliseconds(1))
    }
}
