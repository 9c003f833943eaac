/// What a commit waits for before it counts: what survives which fault.
public enum Acknowledge: Sendable, Hashable {
    /// The primary has it in memory: survives every fault of ours, and none of the primary's.
    case memory
    /// So many replicas have it in memory too, within the timeout. With fewer than there are, a failover may promote one that does not have it.
    case replicated(replicas: Int, timeout: Duration)
    /// It is in the primary's append-only file, and in those of so many replicas, within the timeout.
    case fsynced(replicas: Int, timeout: Duration)

    /// Whether anything is waited for.
    var waits: Bool { self != .memory }
}
