import Synchronization

/// How often the plain route answered what, and how long it took. Labels are the routes' paths and our own status codes, never the request's.
final class RequestMetrics: Sendable {
    /// One row of the counter.
    struct Row: Hashable, Sendable {
        let route: String
        let status: Int
    }

    private struct Counts {
        var requests: [Row: UInt64] = [:]
        var latency: [String: Histogram] = [:]
    }

    /// Guards the counts for one addition or one copy.
    private let counts = Mutex(Counts())

    /// Counts one request.
    func record(route: String, status: Reply.Status, took: Duration) {
        let (seconds, attoseconds) = took.components
        let nanoseconds = seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
        counts.withLock { counts in
            counts.requests[Row(route: route, status: status.code), default: 0] += 1
            counts.latency[route, default: Histogram()].record(nanoseconds: nanoseconds)
        }
    }

    /// What has been counted so far.
    var all: (requests: [Row: UInt64], latency: [String: Histogram]) { counts.withLock { ($0.requests, $0.latency) } }
}
