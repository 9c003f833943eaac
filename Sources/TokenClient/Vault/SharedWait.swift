import TokenCore

/// How one caller waits for what another process fetches: looks in growing, jittered pauses, and a clock of its own for the lease that it sees.
struct SharedWait: Sendable {
    private static let shortest = Duration.milliseconds(20)
    private static let longest = Duration.milliseconds(250)

    private var pause = shortest
    private var watched: (lease: UpstreamGrant.Lease, since: MonotonicTime)?

    /// This lease stands.
    mutating func saw(_ lease: UpstreamGrant.Lease) {
        guard watched?.lease.fence != lease.fence else { return }
        watched = (lease, .read())
        pause = Self.shortest
    }

    /// The lease that has been seen for longer than it was to last: the vault's clock was set back, or stands.
    var outwaited: UpstreamGrant.Fence? {
        guard let (lease, since) = watched, MonotonicTime.read() - since > lease.until - lease.since else { return nil }
        return lease.fence
    }

    /// Until the next look. Ends early when the task is cancelled.
    mutating func long() async {
        await Self.sleep(pause)
        pause = min(Self.longest, pause * 1.5)
    }

    /// Somebody else wrote first.
    func short() async { await Self.sleep(.milliseconds(10)) }

    /// A half to all of it.
    static func sleep(_ duration: Duration) async { try? await Task.sleep(for: duration * Double.random(in: 0.5...1)) }
}
