/// A point of the machine's monotonic clock, the same for every thread, in nanoseconds.
struct Moment: Comparable, Hashable, Sendable {
    let nanoseconds: Int64

    static func now() -> Moment {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Moment(nanoseconds: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    static func < (a: Moment, b: Moment) -> Bool { a.nanoseconds < b.nanoseconds }
    static func + (moment: Moment, duration: Duration) -> Moment {
        let (seconds, attoseconds) = duration.components
        return Moment(nanoseconds: moment.nanoseconds + seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
    static func - (a: Moment, b: Moment) -> Duration { .nanoseconds(a.nanoseconds - b.nanoseconds) }

    private static let start = ContinuousClock.now
}

/// One request as its sender saw it: what was asked, what came back, and between which moments the server must have decided.
struct Operation: Sendable, Hashable {
    /// What was asked.
    enum Action: Sendable, Hashable {
        case login(subject: String)
        /// A refresh token of a session is presented.
        case refresh(token: String, session: String)
        /// An access token of a session is presented.
        case authenticate(session: String)
        /// A session is ended, by its own token or from another session of its subject.
        case end(session: String)
        case endAll(subject: String)
    }

    /// What came back.
    enum Answer: Sendable, Hashable {
        /// A pair: the session it belongs to and the refresh token to use next.
        case granted(session: String, token: String)
        case done
        /// A definite no: 401 or 404.
        case refused
        /// No answer, or one that leaves open whether it was done: the connection broke, or 503.
        case unknown
    }

    let action: Action
    let answer: Answer
    /// Which of several instances was asked.
    var place = 0
    let began: Moment
    let ended: Moment

    /// Whether the server may have done it.
    var mayHaveHappened: Bool { answer != .refused }
}

/// What a correct server never does.
enum Violation: Hashable, Sendable {
    /// A session that was ended, or refused once, was accepted by something asked later.
    case acceptedAfterItsEnd(Operation)
    /// A session was refused although nothing can have ended it: an acknowledged login or rotation was lost.
    case refusedWithoutCause(Operation)
    /// Two different successors of one refresh token: the family forked.
    case twoSuccessors(token: String)
    /// A refresh token worked again after its grace window.
    case workedTwice(Operation)
}
