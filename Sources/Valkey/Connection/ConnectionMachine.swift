import NIOCore

/// What may happen on one connection, and in which order: a value that neither reads, writes nor looks at a clock.
///
/// Commands from many tasks stand in one queue; a flush moves as many as there are to the wire in one piece, and replies come back in the order in
/// which commands left. A caller who no longer waits leaves its place behind, so that nobody ever gets the reply of another.
struct ConnectionMachine<Waiter> {
    /// The life of a connection.
    enum State: Equatable {
        /// Not open yet; commands queue. Goes to `greeting`, or to `closed`.
        case connecting
        /// Open, the first words are exchanged; commands queue. Goes to `ready`, or to `closed`.
        case greeting
        /// Goes to `ending` when no more is wanted, to `closed` when it breaks.
        case ready
        /// What was accepted is finished, nothing more is. Goes to `closed`.
        case ending
        /// For good.
        case closed
    }

    /// What is bounded.
    struct Bounds: Sendable, Hashable {
        /// The most replies that may be due, queued commands included.
        var commands = 4096
        /// The most bytes that may wait to be sent.
        var queuedBytes = 64 << 20
        /// Nothing was received for this long although something is due: the connection is dead.
        var silence = TimeAmount.seconds(10)
        /// Nothing was sent for this long: ask whether the server is there.
        var idle = TimeAmount.seconds(30)
    }

    /// Commands that stay together, with one waiter for all their replies.
    struct Entry {
        let id: UInt64
        let waiter: Waiter
        let bytes: ByteBuffer
        /// How many replies are due.
        let replies: Int
        let deadline: NIODeadline
        /// The reply waits on purpose. When its time is over the connection is of no use to anybody.
        var isBlocking = false
        /// What counts as a reply to a subscription: nil for commands with replies of their own.
        var confirmation: PushKind?
    }

    /// A place in the order of replies.
    private struct Due {
        let id: UInt64
        /// Nil: nobody waits for it any more, or it was our own.
        var waiter: Waiter?
        var remaining: Int
        let deadline: NIODeadline
        let sentAt: NIODeadline
        let isBlocking: Bool
        let confirmation: PushKind?
        var replies: [RESPToken] = []
    }

    private(set) var state = State.connecting
    /// Known once it is ready.
    private(set) var version = Greeting.Version.resp3
    private let bounds: Bounds
    private var greeting: Greeting
    private var queue: CircularBuffer<Entry> = []
    private var queuedBytes = 0
    private var due: CircularBuffer<Due> = []
    /// Replies that are due, queued commands included.
    private(set) var load = 0
    private var lastReceived = NIODeadline.uptimeNanoseconds(0)
    private var lastSent = NIODeadline.uptimeNanoseconds(0)
    /// Confirmed subscriptions turn arrays into pushes in RESP 2.
    private var isSubscribed = false
    /// A flush is on its way to the event loop.
    private var isFlushing = false
    /// When the timer of the driver fires.
    private(set) var armed = NIODeadline.distantFuture
    /// When it should.
    private var wanted = NIODeadline.distantFuture

    init(greeting: Greeting.Wish = .init(), bounds: Bounds = .init()) {
        self.greeting = Greeting(greeting)
        self.bounds = bounds
    }

    /// Whether a new command may be given to it.
    var isUsable: Bool { state != .closed && state != .ending }
    /// Whether it is open and greeted.
    var isReady: Bool { state == .ready }

    // MARK: Commands

    /// What to do with a command.
    enum SubmitAction: Equatable {
        case refuse(ValkeyClientError.ErrorCode)
        /// It is queued; something else will flush, replies at the latest.
        case wait
        /// It is queued; flush on the event loop.
        case flush
    }

    /// A task has commands.
    mutating func submit(_ entry: Entry) -> SubmitAction {
        guard isUsable else { return .refuse(.connectionClosed) }
        guard load + entry.replies <= bounds.commands, queuedBytes + entry.bytes.readableBytes <= bounds.queuedBytes || queue.isEmpty else {
            return .refuse(.overloaded)
        }
        queue.append(entry)
        queuedBytes += entry.bytes.readableBytes
        load += entry.replies
        want(entry.deadline)
        guard isReady, !isFlushing, due.count < Self.enoughSent else { return .wait }
        isFlushing = true
        return .flush
    }

    /// With so many commands on their way the next ones wait for replies to come, and then go together: a server and a client that speak of one
    /// command at a time spend more on system calls than on commands.
    private static var enoughSent: Int { 8 }

    /// Whether replies have made room for what waits, and nothing else will flush.
    var hasMore: Bool { (isReady || state == .ending) && !isFlushing && !queue.isEmpty && due.count < Self.enoughSent }

    /// What waits goes to the wire in one piece.
    ///
    /// - Parameter isWritable: false leaves it queued until it is called again.
    /// - Returns: the bytes to write, nil if there are none.
    mutating func flush(isWritable: Bool, now: NIODeadline) -> ByteBuffer? {
        isFlushing = false
        guard isReady || state == .ending, isWritable, let first = queue.popFirst() else { return nil }
        var bytes = first.bytes
        sent(first, now)
        while let entry = queue.popFirst() {
            bytes.writeImmutableBuffer(entry.bytes)
            sent(entry, now)
        }
        queuedBytes = 0
        want(now + bounds.silence)
        return bytes
    }

    private mutating func sent(_ entry: Entry, _ now: NIODeadline) {
        lastSent = now
        due.append(
            Due(
                id: entry.id, waiter: entry.waiter, remaining: entry.replies, deadline: entry.deadline, sentAt: now,
                isBlocking: entry.isBlocking, confirmation: entry.confirmation))
    }

    /// The task no longer waits.
    ///
    /// - Returns: its waiter, whether its commands were sent, and whether the connection is of no use any more, because it stays blocked; nil: it
    ///   has been answered already.
    mutating func cancel(_ id: UInt64) -> (waiter: Waiter, wasSent: Bool, isStuck: Bool)? {
        if let index = queue.firstIndex(where: { $0.id == id }) {
            let entry = queue.remove(at: index)
            queuedBytes -= entry.bytes.readableBytes
            load -= entry.replies
            return (entry.waiter, false, false)
        }
        guard let index = due.firstIndex(where: { $0.id == id }), let waiter = due[index].waiter else { return nil }
        due[index].waiter = nil
        return (waiter, true, due[index].isBlocking)
    }

    // MARK: The connection

    /// It is open.
    mutating func connected(now: NIODeadline) -> ReceiveAction {
        guard state == .connecting else { return .nothing }
        state = .greeting
        lastReceived = now
        want(now + bounds.silence)
        return greet(greeting.start())
    }

    /// What to do with what arrived.
    enum ReceiveAction {
        case nothing
        case send(ByteBuffer)
        /// The first words are exchanged: flush.
        case ready
        case resume(Waiter, [RESPToken])
        case push(RESPToken)
        case close(ValkeyClientError)
    }

    /// A reply, or a message between two replies.
    mutating func received(_ token: RESPToken, now: NIODeadline) -> ReceiveAction {
        lastReceived = now
        switch state {
        case .connecting, .closed: return .nothing
        case .greeting: return greet(greeting.received(token))
        case .ready, .ending: return receivedReply(token)
        }
    }

    private mutating func greet(_ action: Greeting.Action) -> ReceiveAction {
        switch action {
        case .send(let bytes): return .send(bytes)
        case .ready(let version):
            state = .ready
            self.version = version
            want(lastReceived + bounds.idle)
            return .ready
        case .fail(let code, let text):
            return .close(ValkeyClientError(code, execution: .notExecuted, message: "The server refuses us: \(text)"))
        }
    }

    private mutating func receivedReply(_ token: RESPToken) -> ReceiveAction {
        let mayBeArray = version == .resp2 && (isSubscribed || due.first?.confirmation != nil)
        let kind = PushKind(token, allowsArrays: mayBeArray)
        if kind != nil || token.isPush {
            guard let kind, due.first?.confirmation == kind else { return .push(token) }
            isSubscribed = true
        }
        guard !due.isEmpty else {
            return .close(ValkeyClientError(.respParsingError, execution: .unknown, message: "The server sent a reply that nobody asked for."))
        }
        load -= 1
        due[due.startIndex].remaining -= 1
        due[due.startIndex].replies.append(token)
        // An error ends a subscription command at once: its other channels are not confirmed.
        let isRefused = due[due.startIndex].confirmation != nil && token.errorString != nil
        guard due[due.startIndex].remaining == 0 || isRefused else { return .nothing }
        let done = due.removeFirst()
        load -= done.remaining
        return done.waiter.map { .resume($0, done.replies) } ?? .nothing
    }

    /// No more commands are wanted.
    ///
    /// - Returns: whether to close at once, because nothing is due.
    mutating func end() -> Bool {
        guard isUsable else { return false }
        let isBusy = load > 0 && isReady
        state = .ending
        return !isBusy
    }

    /// Whether the last reply of a connection that is ending has come.
    var isFinished: Bool { state == .ending && load == 0 }

    /// It is gone. Whoever waits learns whether its commands were sent.
    mutating func disconnected() -> (unsent: [Waiter], sent: [Waiter]) {
        let result = (queue.map(\.waiter), due.compactMap(\.waiter))
        queue = []
        due = []
        load = 0
        queuedBytes = 0
        state = .closed
        return result
    }

    // MARK: Time

    /// What time has brought.
    struct Expiry {
        var unsent: [Waiter] = []
        var sent: [Waiter] = []
        /// The connection is of no use any more.
        var close: ValkeyClientError?
        /// A question whether the server is there.
        var probe: ByteBuffer?
    }

    /// Time has passed.
    mutating func tick(now: NIODeadline) -> Expiry {
        var expiry = Expiry()
        expireQueue(now, &expiry)
        for index in due.indices where due[index].deadline <= now {
            guard let waiter = due[index].waiter else { continue }
            due[index].waiter = nil
            expiry.sent.append(waiter)
            if due[index].isBlocking { expiry.close = .closed(.unknown, "A blocking command was not answered in time.") }
        }
        if let dead = silentUntil, dead <= now {
            expiry.close = .closed(.unknown, "The server has been silent for \(bounds.silence.nanoseconds / 1_000_000) ms.")
        } else if isReady, load == 0, lastSent + bounds.idle <= now, lastReceived + bounds.idle <= now {
            expiry.probe = probe(now)
        }
        armed = .distantFuture
        wanted = nextTick
        return expiry
    }

    private mutating func expireQueue(_ now: NIODeadline, _ expiry: inout Expiry) {
        guard queue.contains(where: { $0.deadline <= now }) else { return }
        for entry in queue where entry.deadline <= now {
            expiry.unsent.append(entry.waiter)
            queuedBytes -= entry.bytes.readableBytes
            load -= entry.replies
        }
        queue.removeAll { $0.deadline <= now }
    }

    private mutating func probe(_ now: NIODeadline) -> ByteBuffer {
        var encoder = ValkeyCommandEncoder()
        encoder.encodeArray("PING")
        load += 1
        lastSent = now
        due.append(
            Due(id: 0, waiter: nil, remaining: 1, deadline: .distantFuture, sentAt: now, isBlocking: false, confirmation: nil))
        return encoder.buffer
    }

    /// When silence is death; nil: it is not.
    private var silentUntil: NIODeadline? {
        if state == .greeting { return lastReceived + bounds.silence }
        guard let first = due.first, !first.isBlocking else { return nil }
        return max(lastReceived, first.sentAt) + bounds.silence
    }

    private mutating func want(_ deadline: NIODeadline) { wanted = min(wanted, deadline) }

    /// When to call `tick` instead of when it would be called now; nil: as it is.
    mutating func takeTimer() -> NIODeadline? {
        guard wanted < armed else { return nil }
        armed = wanted
        return wanted
    }

    /// When time is to be looked at next.
    private var nextTick: NIODeadline {
        var next = NIODeadline.distantFuture
        if isReady, load == 0 { next = max(lastSent, lastReceived) + bounds.idle }
        if let dead = silentUntil { next = min(next, dead) }
        for entry in queue { next = min(next, entry.deadline) }
        for entry in due where entry.waiter != nil { next = min(next, entry.deadline) }
        return next
    }
}

extension ConnectionMachine.Entry: Sendable where Waiter: Sendable {}
