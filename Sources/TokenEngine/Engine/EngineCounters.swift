import Synchronization
public import TokenCore

/// How often each kind of event was committed since the start. Read by metrics.
public final class EngineCounters: Sendable {
    /// Guards the counts for one addition or one copy.
    private let counts = Mutex<[Event.Name: UInt64]>([:])

    func count(_ events: [Event]) {
        counts.withLock { counts in for event in events { counts[event.name, default: 0] += 1 } }
    }

    /// The counts by name; a name that never occurred is missing.
    public var all: [Event.Name: UInt64] { counts.withLock { $0 } }
}
