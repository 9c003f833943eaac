/// What may happen on one HTTP/1 connection, and in which order: a value that neither reads nor writes.
///
/// There are two ways to an answer. The event loop answers by itself when nothing is unanswered; everything else is passed on to the plain
/// route, whose answers come back in the order of the requests. So answers can never overtake one another.
struct ConnectionMachine {
    /// What is being read. `idle` goes to `fast` or `passed` with a head and back with an end; to `deaf` when nothing more is read.
    enum Reading: Equatable {
        /// Between two requests.
        case idle
        /// A request that the event loop answers at its end.
        case fast
        /// A request of the plain route; its body is passed on too.
        case passed
        /// Nothing that still arrives is read: a request closed the connection, or what came was not HTTP.
        case deaf
    }

    /// A request that was passed on and is not answered yet.
    private struct Passed: Equatable {
        /// The connection ends with its answer.
        var closes: Bool
        /// A 100 is due when every earlier request is answered.
        var awaitsContinue: Bool
    }

    /// What is being read.
    private(set) var reading = Reading.idle
    /// Oldest first. Bounded by the plain route's read-ahead.
    private var unanswered: [Passed] = []
    /// Nothing follows the last answer.
    private var isEnding = false
    /// An answer to what could not be read, due after the others.
    private(set) var hasFarewell = false

    /// Whether the event loop may answer the next request.
    var mayAnswer: Bool { reading == .idle && unanswered.isEmpty && !isEnding }
    /// Whether nothing is read and nothing is owed.
    var isIdle: Bool { reading == .idle && unanswered.isEmpty }
    /// Whether the plain route still owes an answer.
    var owesAnswer: Bool { !unanswered.isEmpty }

    /// What to do with a request's head.
    enum HeadAction: Equatable {
        /// Answer at the end of the request.
        case answer
        /// Give it to the plain route, after a 100 if so.
        case pass(continue: Bool)
        /// Forget it.
        case drop
    }

    /// A head arrived.
    ///
    /// - Parameters:
    ///   - canAnswer: whether the event loop has the answer.
    ///   - closes: whether the connection ends with this request.
    ///   - awaitsContinue: whether the sender waits for a 100.
    mutating func receivedHead(canAnswer: Bool, closes: Bool, awaitsContinue: Bool) -> HeadAction {
        guard reading == .idle, !isEnding else {
            reading = .deaf
            return .drop
        }
        if canAnswer, mayAnswer {
            reading = .fast
            return .answer
        }
        let continueNow = awaitsContinue && unanswered.isEmpty
        unanswered.append(Passed(closes: closes, awaitsContinue: awaitsContinue && !continueNow))
        reading = .passed
        return .pass(continue: continueNow)
    }

    /// What to do with a part of a body or the end of a request.
    enum PartAction: Equatable { case answer, pass, drop }

    /// A piece of a body arrived. What the event loop answers has none.
    mutating func receivedBody() -> PartAction { reading == .passed ? .pass : .drop }

    /// A request is complete.
    mutating func receivedEnd() -> PartAction {
        switch reading {
        case .fast:
            reading = .idle
            return .answer
        case .passed:
            // After a request that ends the connection nothing is read (RFC 9112 section 9.6).
            reading = unanswered.last?.closes == true ? .deaf : .idle
            return .pass
        case .idle, .deaf: return .drop
        }
    }

    /// The head of the plain route's answer goes out.
    ///
    /// - Parameter closes: whether the answer itself ends the connection.
    /// - Returns: whether it has to say `Connection: close`.
    mutating func sendingHead(closes: Bool) -> Bool {
        if closes, !unanswered.isEmpty { unanswered[0].closes = true }
        return unanswered.first?.closes == true || (isEnding && unanswered.count == 1 && !hasFarewell)
    }

    /// What follows an answer.
    enum EndAction: Equatable {
        case nothing
        /// Ask the sender of the next request for its body.
        case sendContinue
        /// Say what was wrong with the bytes, then close.
        case sendFarewell
        /// Close: everything was read.
        case close
        /// Close our half and wait for the other: closing at once would make the system throw away the answer with what was not read.
        case linger
    }

    /// The plain route's answer is complete.
    mutating func sentEnd() -> EndAction {
        guard !unanswered.isEmpty else { return .nothing }
        let done = unanswered.removeFirst()
        if done.closes || (isEnding && unanswered.isEmpty && !hasFarewell) { return end() }
        if unanswered.isEmpty { return hasFarewell ? .sendFarewell : .nothing }
        guard unanswered[0].awaitsContinue else { return .nothing }
        unanswered[0].awaitsContinue = false
        return .sendContinue
    }

    /// The event loop answered one request. A shutdown may have begun meanwhile.
    mutating func answered() -> EndAction { isEnding && isIdle ? end() : .nothing }

    private mutating func end() -> EndAction {
        let wasReading = reading == .passed || reading == .fast
        reading = .deaf
        unanswered = []
        isEnding = true
        return wasReading ? .linger : .close
    }

    /// What arrived is no HTTP, or too much of it, or too slow: nothing after it can be read.
    ///
    /// The plain route will never see the end of a request that was being read, so nothing is owed for that one.
    ///
    /// - Returns: whether to say so now, or after what is owed.
    mutating func failed() -> EndAction {
        guard reading != .deaf, !hasFarewell else { return .nothing }
        if reading == .passed, !unanswered.isEmpty { unanswered.removeLast() }
        let isOwed = !unanswered.isEmpty
        reading = .deaf
        isEnding = true
        hasFarewell = true
        return isOwed ? .nothing : .sendFarewell
    }

    /// No further request is wanted: a shutdown, or the other side closed its half.
    mutating func stop() -> EndAction {
        isEnding = true
        return unanswered.isEmpty && reading != .fast && reading != .passed ? .close : .nothing
    }
}
