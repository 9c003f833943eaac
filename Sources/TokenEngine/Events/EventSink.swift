public import TokenCore

/// Where events go. One file each.
///
/// Promises of an implementer: when `write` returns, the events are where they belong, in order; when it throws, the relay brings them again, so
/// that each arrives at least once. Called by one task at a time.
public protocol EventSink: Sendable {
    /// What log entries and metrics call it: one of our own constants.
    var name: String { get }
    /// Takes events, oldest first, at most 1,000.
    func write(_ events: [NumberedEvent]) async throws
}
