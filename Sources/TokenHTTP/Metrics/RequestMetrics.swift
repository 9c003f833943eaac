import Synchronization

/// How often the plain route answered what, and how long it took. Labels are the routes' paths and our own status codes, never the request's.
final class RequestMetrics: Sendable {
    /// One row of the counter.
    struct Row: Hashable, Sendable {
        let route: String
        let status: Int
    }

    /// The route of what was asked for in vain, or not understood.
    static let otherRoute = "other"

    private struct Counts {
        var requests: [Row: UInt64] = [:]
        var latency: [String: Histogram] = [:]
    }

    /// Guards the counts for one addition or one copy.
    private let counts = Mutex(Counts())

    /// Counts one request.
    func record(route: String, status: Reply.Status, took: Duration) { record(route: route, code: status.code, took: took) }

    /// Counts one request that somebody else answered, with a status of theirs.
    func record(route: String, code: Int, took: Duration) {
        let (seconds, attoseconds) = took.components
        let nanoseconds = seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
        counts.withLock { counts in
            counts.requests[Row(route: route, status: (100..<600).contains(code) ? code : 0), default: 0] += 1
            counts.latency[route, default: Histogram()].record(nanoseconds: nanoseconds)
        }
    }

    /// Counts the refusal of what never became a request: nobody knows when it began, so nothing is timed.
    func recordRefusal(_ status: Reply.Status) {
        counts.withLock { $0.requests[Row(route: Self.otherRoute, status: status.code), default: 0] += 1 }
    }

    /// What has been counted so far.
    var all: (requests: [Row: UInt64], latency: [String: Histogram]) { counts.withLock { ($0.requests, $0.latency) } }
}
