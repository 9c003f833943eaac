/// What keeps an assignment: when the next sign of life is due, and when the work on the token must have ended.
///
/// Time is monotonic. What the server promised counts from the moment the request was *sent*: the server began to count later, so it never gives
/// the token to somebody else before the end that stands here.
struct HoldMachine: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What to do next.
    enum Step: Hashable, Sendable {
        /// Send a sign of life then; its answer is of use until `stopBy`.
        case keepAlive(at: Instant)
        /// Nothing more can be gained: end the work then.
        case stop(at: Instant)

        /// When.
        var moment: Instant {
            switch self {
            case .keepAlive(let moment), .stop(let moment): moment
            }
        }
    }

    /// How long before the end of the promise the work is told to stop.
    private let margin: Duration
    /// The end of what the server promised.
    private(set) var end: Instant
    private var lifetime: Duration
    private var next: Instant
    private var isLost = false
    /// Failures since the last answer.
    private var failures = 0

    /// An assignment of `lifetime`, by the answer to a request that was sent then.
    ///
    /// - Parameter margin: how long the work needs to stop; at most a quarter of the lifetime is used.
    init(lifetime: Duration, sentAt: Instant, margin: Duration) {
        self.lifetime = lifetime
        self.margin = min(margin, lifetime / 4)
        end = sentAt + lifetime
        next = sentAt + lifetime / 3
    }

    /// When the work must have been told to stop.
    var stopBy: Instant { end - margin }

    /// What to do next. Never a sign of life after `stopBy`.
    func step() -> Step {
        isLost || next >= stopBy ? .stop(at: stopBy) : .keepAlive(at: next)
    }

    /// The server keeps it for that long, counted from the moment when it was asked.
    mutating func keptAlive(_ lifetime: Duration, sentAt: Instant) {
        failures = 0
        let new = sentAt + lifetime
        // At the longest hold the server stops giving more: asking again gains nothing.
        next = new > end ? sentAt + lifetime / 3 : new
        self.lifetime = lifetime
        end = max(end, new)
    }

    /// No answer, or one that says nothing about the assignment: asks again soon, and later each time.
    mutating func failed(at now: Instant) {
        failures += 1
        next = now + min(lifetime / 6, .milliseconds(100) * (1 << min(failures - 1, 10)))
    }

    /// The server says that somebody else may have it: the work ends at once.
    mutating func lost(at now: Instant) {
        isLost = true
        end = min(end, now)
    }
}
