/// What may happen on one HTTP/1 connection, and in which order: a value that neither reads nor writes.
///
/// There are three ways to an answer. When nothing is unanswered, the event loop answers by itself, or the request is short: it is read whole, and
/// whatever follows it waits until it is answered. Everything else is passed on to the plain route, whose answers come back in the order of the
/// requests. So answers can never overtake one another.
struct ConnectionMachine {
    /// What is being read. `idle` goes to `fast`, `short` or `passed` with a head and back with an end; to `deaf` when nothing more is read.
    enum Reading: Equatable {
        /// Between two requests.
        case idle
        /// A request that the event loop answers at its end.
        case fast
        /// A short request, whose body is gathered.
        case short
        /// A request of the plain route; its body is passed on too.
        case passed
        /// Nothing that still arrives is read: a request closed the connection, or what came was not HTTP.
        case deaf
    }

    /// A request that is not answered yet.
    private struct Owed: Equatable {
        /// The connection ends with its answer.
        var closes: Bool
        /// A 100 is due when every earlier request is answered.
        var awaitsContinue: Bool
    }

    /// What is being read.
    private(set) var reading = Reading.idle
    /// Oldest first. Bounded by the plain route's read-ahead.
    private var unanswered: [Owed] = []
    /// Nothing follows the last answer.
    private var isEnding = false
    /// A short request is complete and unanswered: what follows it has to wait.
    private(set) var isBusy = false
    /// An answer to what could not be read, due after the others.
    private(set) var hasFarewell = false
    /// Whether something arrived after the last request.
    private var hasDropped = false

    /// Whether the event loop may answer the next request.
    var mayAnswer: Bool { reading == .idle && unanswered.isEmpty && !isEnding }
    /// Whether nothing is read and nothing is owed.
    var isIdle: Bool { reading == .idle && unanswered.isEmpty }
    /// Whether an answer is still due.
    var owesAnswer: Bool { !unanswered.isEmpty }

    /// Bytes arrived, which are no request yet.
    ///
    /// - Returns: whether to read them; they are thrown away where nothing more is read.
    mutating func receivedBytes() -> Bool {
        if reading == .deaf { hasDropped = true }
        return reading != .deaf
    }

    /// What to do with a request's head.
    enum HeadAction: Equatable {
        /// Answer at the end of the request.
        case answer
        /// Keep it, and its body.
        case gather
        /// Give it to the plain route, after a 100 if so.
        case pass(continue: Bool)
        /// Forget it.
        case drop
    }

    /// A head arrived.
    ///
    /// - Parameters:
    ///   - canAnswer: whether the event loop has the answer.
    ///   - isShort: whether the request may be read whole.
    ///   - closes: whether the connection ends with this request.
    ///   - awaitsContinue: whether the sender waits for a 100.
    mutating func receivedHead(canAnswer: Bool, isShort: Bool = false, closes: Bool, awaitsContinue: Bool) -> HeadAction {
        guard reading == .idle, !isEnding else {
            reading = .deaf
            hasDropped = true
            return .drop
        }
        if canAnswer, mayAnswer {
            reading = .fast
            return .answer
        }
        if isShort, mayAnswer {
            unanswered.append(Owed(closes: false, awaitsContinue: false))
            reading = .short
            return .gather
        }
        let continueNow = awaitsContinue && unanswered.isEmpty
        unanswered.append(Owed(closes: closes, awaitsContinue: awaitsContinue && !continueNow))
        reading = .passed
        return .pass(continue: continueNow)
    }

    /// What to do with a part of a body or the end of a request.
    enum PartAction: Equatable { case answer, gather, begin, pass, drop }

    /// A piece of a body arrived. What the event loop answers has none.
    func receivedBody() -> PartAction {
        switch reading {
        case .short: .gather
        case .passed: .pass
        case .idle, .fast, .deaf: .drop
        }
    }

    /// A request is complete.
    mutating func receivedEnd() -> PartAction {
        switch reading {
        case .fast:
            reading = .idle
            return .answer
        case .short:
            reading = .idle
            isBusy = true
            return .begin
        case .passed:
            // After a request that ends the connection nothing is read (RFC 9112 section 9.6).
            reading = unanswered.last?.closes == true ? .deaf : .idle
            return .pass
        case .idle, .deaf: return .drop
        }
    }

    /// The head of an answer goes out.
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

    /// An answer is complete.
    mutating func sentEnd() -> EndAction {
        isBusy = false
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

    /// Whether a request has begun to arrive.
    private var isReading: Bool { reading == .passed || reading == .fast || reading == .short }

    private mutating func end() -> EndAction {
        let isMoreComing = isReading || hasDropped
        reading = .deaf
        unanswered = []
        isEnding = true
        return isMoreComing ? .linger : .close
    }

    /// What arrived is no HTTP, or too much of it, or too slow: nothing after it can be read.
    ///
    /// Nobody will see the end of a request that was being read, so nothing is owed for that one.
    ///
    /// - Returns: whether to say so now, or after what is owed.
    mutating func failed() -> EndAction {
        guard reading != .deaf, !hasFarewell else { return .nothing }
        if reading == .passed || reading == .short, !unanswered.isEmpty { unanswered.removeLast() }
        let isOwed = !unanswered.isEmpty
        reading = .deaf
        isEnding = true
        hasFarewell = true
        return isOwed ? .nothing : .sendFarewell
    }

    /// No further request is wanted: a shutdown, or the other side closed its half.
    mutating func stop() -> EndAction {
        isEnding = true
        return unanswered.isEmpty && !isReading ? .close : .nothing
    }
}
