public import TokenCore

/// Where events go. One file each.
///
/// Promises of an implementer: when `write` returns, the events are where they belong, in order; when it throws, the relay brings them again, so
/// that each arrives at least once: all of them, or with `PartlyWritten` those that are missing. Called by one task at a time.
public protocol EventSink: Sendable {
    /// What log entries and metrics call it: one of our own constants.
    var name: String { get }
    /// Takes events, oldest first, at most 1,000.
    func write(_ events: [NumberedEvent]) async throws
}

/// What a sink throws that took some of the events, the oldest, before it failed: without it a slow reader would get those again and again.
public struct PartlyWritten: Error {
    /// How many of them are where they belong.
    public let count: Int
    /// Why the others are not.
    public let cause: any Error

    /// The first `count` events were written.
    public init(count: Int, because cause: any Error) {
        self.count = count
        self.cause = cause
    }
}
