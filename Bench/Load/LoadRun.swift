import NIOCore
import NIOPosix

/// One load run on one event loop: owns the connections, decides when the next request is sent, and counts.
///
/// Everything in it happens on that loop. One loop drives some hundred thousand requests per second, several times what
/// the servers measured here answer, and using a second one would take the processor from them.
final class LoadRun<W: Workload> {
    private var workload: W
    private let plan: LoadPlan
    /// Nanoseconds after the start at which no more is sent.
    private let length: UInt64
    /// Nanoseconds between two requests; nil in a closed loop.
    private let interval: Double?
    private let loop: any EventLoop
    private let done: EventLoopPromise<LoadResult<W>>

    private var connections: [LoadConnection<W>] = []
    /// Connections without an unanswered request, the one that rested longest first. Used at a fixed rate only.
    private var idle: CircularBuffer<LoadConnection<W>> = []
    private var latencies: [Histogram]
    private var failures: [String: Int] = [:]
    private var started: UInt64 = 0
    private var lastAnswer: UInt64 = 0
    private var sent = 0
    private var unanswered = 0
    private var timer: Scheduled<Void>?
    private var limit: Scheduled<Void>?
    /// The workload has nothing left, or the end of the run has come.
    private var isEnding = false
    private var isOver = false

    private init(_ workload: W, plan: LoadPlan, loop: any EventLoop) {
        self.workload = workload
        self.plan = plan
        self.length = plan.duration.nanoseconds
        if case .fixed(let perSecond) = plan.pace { self.interval = 1e9 / perSecond } else { self.interval = nil }
        self.loop = loop
        self.done = loop.makePromise()
        self.latencies = workload.kinds.map { _ in Histogram() }
    }

    /// Connects, runs `workload` as planned and closes the connections.
    ///
    /// - Throws: if a connection cannot be made. Whatever goes wrong later is counted in the result.
    static func run(_ workload: W, plan: LoadPlan, on loop: any EventLoop) async throws -> LoadResult<W> {
        try await loop.flatSubmit {
            let run = LoadRun(workload, plan: plan, loop: loop)
            let bound = NIOLoopBound(run, eventLoop: loop)
            let connected = (0..<plan.connections).map { run.connect(index: $0) }
            return EventLoopFuture.andAllSucceed(connected, on: loop).flatMap {
                bound.value.start()
                return bound.value.done.futureResult
            }.flatMapErrorThrowing { error in
                bound.value.fail(error)
                throw error
            }
        }.get()
    }

    private func connect(index: Int) -> EventLoopFuture<Void> {
        let connection = LoadConnection(index: index, run: self)
        self.connections.append(connection)
        let bound = NIOLoopBound(connection, eventLoop: self.loop)
        return ClientBootstrap(group: self.loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A reply fits easily; the adaptive allocator would try sizes instead.
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8192))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(host: "127.0.0.1", port: self.plan.ports[index % self.plan.ports.count])
            .map { _ in }
    }

    /// The loop no longer needs this run; a promise must not be dropped unfulfilled.
    private func fail(_ error: any Error) {
        for connection in self.connections { connection.close() }
        self.done.fail(error)
    }
}

// MARK: - When to send

extension LoadRun {
    private func start() {
        self.started = NIODeadline.now().uptimeNanoseconds
        self.lastAnswer = self.started
        let bound = NIOLoopBound(self, eventLoop: self.loop)
        let longest = (self.plan.duration + LoadPlan.patience).nanoseconds
        self.limit = self.loop.scheduleTask(in: .nanoseconds(Int64(longest))) { bound.value.giveUp() }
        if self.interval == nil {
            for connection in self.connections { self.refill(connection, now: self.started) }
        } else {
            self.idle.append(contentsOf: self.connections)
            self.sendWhatIsDue(now: self.started)
        }
        self.finishIfOver()
    }

    /// Every complete reply that one read brought has been taken.
    func answered(on connection: LoadConnection<W>, now: UInt64) {
        self.lastAnswer = now
        if self.interval == nil {
            self.refill(connection, now: now)
        } else if connection.unanswered == 0 {
            self.idle.append(connection)
            self.sendWhatIsDue(now: now)
        }
        self.finishIfOver()
    }

    /// Closed loop: brings the connection back to its number of unanswered requests.
    private func refill(_ connection: LoadConnection<W>, now: UInt64) {
        if now - self.started >= self.length { self.isEnding = true }
        guard !self.isEnding else { return }
        self.send(on: connection, self.workload.depth(of: connection.index) - connection.unanswered, since: now)
    }

    /// Fixed rate: request number k is due at start + k intervals. One that finds no idle connection waits for the next
    /// reply; its clock is already running.
    private func sendWhatIsDue(now: UInt64) {
        guard let interval, !self.isEnding else { return }
        while !self.isEnding {
            let due = self.started + UInt64(Double(self.sent) * interval)
            if due - self.started >= self.length { self.isEnding = true }
            guard !self.isEnding else { return }
            guard due <= now else { return self.wake(at: due) }
            guard let connection = self.idle.popFirst() else { return }
            self.send(on: connection, 1, since: due)
        }
    }

    private func wake(at due: UInt64) {
        guard self.timer == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: self.loop)
        self.timer = self.loop.scheduleTask(deadline: .uptimeNanoseconds(due)) {
            bound.value.timer = nil
            bound.value.sendWhatIsDue(now: NIODeadline.now().uptimeNanoseconds)
            bound.value.finishIfOver()
        }
    }

    private func send(on connection: LoadConnection<W>, _ number: Int, since: UInt64) {
        let allowed = min(number, self.plan.limit - self.sent)
        let sent = allowed > 0 ? connection.send(allowed, since: since) : 0
        self.sent += sent
        self.unanswered += sent
        if sent < number { self.isEnding = true }
    }
}

// MARK: - What came back

extension LoadRun {
    /// The workload's next request for that connection.
    func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        self.workload.next(for: connection, into: &buffer)
    }

    func take(status: Int, body: UnsafeRawBufferPointer, to ask: Ask, latency: UInt64) {
        self.unanswered -= 1
        if self.workload.accept(status: status, body: body, to: ask) {
            self.latencies[ask.kind].record(latency)
        } else {
            self.failures["\(self.workload.kinds[ask.kind]): status \(status)", default: 0] += 1
        }
    }

    /// A connection is gone: what was unanswered on it stays so, and the run goes on with the others.
    func lost(_ connection: LoadConnection<W>, why: String) {
        self.failures[why, default: 0] += 1
        self.unanswered -= connection.unanswered
        self.connections.removeAll { $0 === connection }
        self.idle.removeAll { $0 === connection }
        if self.connections.isEmpty { self.isEnding = true }
        self.finishIfOver()
    }

    private func giveUp() {
        guard !self.connections.isEmpty else { return }
        self.failures["unanswered after \(LoadPlan.patience)", default: 0] += self.unanswered
        self.isEnding = true
        self.unanswered = 0
        self.finishIfOver()
    }

    private func finishIfOver() {
        guard self.isEnding, self.unanswered == 0, !self.isOver else { return }
        self.isOver = true
        for connection in self.connections { connection.close() }
        self.connections = []
        self.timer?.cancel()
        self.limit?.cancel()
        var result = LoadResult(workload: self.workload, latencies: self.latencies, failures: self.failures)
        result.elapsed = self.lastAnswer - self.started
        self.done.succeed(result)
    }
}
