import Dispatch
import Synchronization
import TokenCore

/// Group commit: callers put their work in a line; one thread takes all that waits, does it as one transaction, and answers.
///
/// While one group is being synced the next one gathers. Most of a commit costs the same for one as for fifty, so a writer that has just
/// served several callers gives them a moment to come back before it begins again; a caller who is alone never waits for company.
final class CommitQueue: Sendable {
    /// How many may wait. A group of 512 takes some 10 ms with its fsync, so the last in a full line waits under a quarter of a second:
    /// whoever comes then is better told to come back. It also bounds memory: about 8 MiB.
    static let mostWaiting = 8192
    /// How many share one transaction: past this the fsync's share of each is nothing, and the first would wait for the last.
    static let mostInGroup = 512
    /// How many rows a group changes: bounds the time between two answers when batches are large.
    static let mostWeight = 8192

    /// How long a group gathers at most: one more fsync of a usual disk.
    static let longestGathering = Duration.milliseconds(1)

    private struct Waiting: Sendable {
        let work: Work
        let reply: CheckedContinuation<Result<Outcome, StoreError>, Never>
    }

    private struct Line {
        var waiting: [Waiting] = []
        var isRunning = false
        var isClosed = false
        /// How many must wait for the writer to be woken, while it lets a group gather.
        var wanted: Int?
        /// Those who wait for the last group's end, once closed.
        var closers: [Closer] = []
    }

    private struct Closer: Sendable {
        let reply: CheckedContinuation<Void, Never>
        let beforeTheEnd: @Sendable () -> Void
    }

    /// Guards the line, for as long as it takes to put or take.
    private let line = Mutex(Line())
    /// The writer, nil once closed. Locked by the queue's thread alone, for a whole group.
    private let writer: Mutex<Writer?>
    private let queue = DispatchQueue(label: "mintmark.sqlite.writer")
    /// Signalled once for every `wanted` that is taken back by somebody else than the writer.
    private let gathered = DispatchSemaphore(value: 0)
    private let observer: (any CommitObserver)?

    init(_ writer: sending Writer, observer: (any CommitObserver)?) {
        self.writer = Mutex(writer)
        self.observer = observer
    }

    /// How many wait now, those of the group under way apart.
    var waiting: Int { line.withLock { $0.waiting.count } }

    /// Does the work in the next group and returns when its transaction is durable.
    func perform(_ work: Work) async throws(StoreError) -> Outcome {
        try await withCheckedContinuation { reply in
            if let refusal = enter(Waiting(work: work, reply: reply)) { reply.resume(returning: .failure(refusal)) }
        }.get()
    }

    /// Refuses new work, does what waits, calls `beforeTheEnd`, copies the log into the file and ends the writer.
    func close(_ beforeTheEnd: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { closer in
            let mustStart = line.withLock { line in
                line.isClosed = true
                line.closers.append(Closer(reply: closer, beforeTheEnd: beforeTheEnd))
                wake(&line, ifWaiting: 0)
                return start(&line)
            }
            if mustStart { run() }
        }
    }

    /// Puts work in the line; why not, if it is refused.
    private func enter(_ waiting: Waiting) -> StoreError? {
        let (refusal, mustStart): (StoreError?, Bool) = line.withLock { line in
            guard !line.isClosed else { return (.unavailable("the store is closed"), false) }
            guard line.waiting.count < Self.mostWaiting else { return (.overloaded, false) }
            line.waiting.append(waiting)
            wake(&line, ifWaiting: line.waiting.count)
            return (nil, start(&line))
        }
        if mustStart { run() }
        return refusal
    }

    private func start(_ line: inout Line) -> Bool {
        defer { line.isRunning = true }
        return !line.isRunning
    }

    private func run() {
        queue.async {
            while let group = self.next() {
                let took = self.perform(group)
                self.gather(group.count, for: min(took, Self.longestGathering))
            }
        }
    }

    /// Waits until as many are back as the last group had, at most as long as that group took.
    private func gather(_ count: Int, for time: Duration) {
        guard count > 1 else { return }
        let mustWait = line.withLock { line in
            guard !line.isClosed, line.waiting.count < count else { return false }
            line.wanted = count
            return true
        }
        guard mustWait, gathered.wait(timeout: .now() + .nanoseconds(Int(time / .nanoseconds(1)))) == .timedOut else { return }
        let isSignalled = line.withLock { line in line.wanted.take() == nil }
        if isSignalled { gathered.wait() }
    }

    /// Ends the gathering when enough wait.
    private func wake(_ line: inout Line, ifWaiting count: Int) {
        guard let wanted = line.wanted, line.isClosed || count >= wanted else { return }
        line.wanted = nil
        gathered.signal()
    }

    /// The next group; nil, and the thread is given back, when nothing waits.
    private func next() -> [Waiting]? {
        let (group, closers): ([Waiting]?, [Closer]) = line.withLock { line in
            guard line.waiting.isEmpty else { return (Self.take(&line), []) }
            line.isRunning = false
            defer { line.closers = [] }
            return (nil, line.closers)
        }
        guard closers.isEmpty else {
            for closer in closers { closer.beforeTheEnd() }
            end()
            for closer in closers { closer.reply.resume() }
            return nil
        }
        return group
    }

    private static func take(_ line: inout Line) -> [Waiting] {
        var weight = 0
        var count = 0
        for waiting in line.waiting.prefix(mostInGroup) {
            weight += waiting.work.weight
            guard weight <= mostWeight || count == 0 else { break }
            count += 1
        }
        defer { line.waiting.removeFirst(count) }
        return Array(line.waiting.prefix(count))
    }

    /// Does a group's work and answers it.
    ///
    /// - Returns: how long the transaction took.
    private func perform(_ group: [Waiting]) -> Duration {
        let clock = ContinuousClock()
        let started = clock.now
        return writer.withLock { writer in
            let results = writer?.perform(group.map(\.work)) ?? group.map { _ in .failure(.unavailable("the store is closed")) }
            let took = clock.now - started
            observer?.committed(CommitReport(of: results, duration: took))
            for (waiting, result) in zip(group, results) { waiting.reply.resume(returning: result) }
            writer?.checkpointIfDue()
            return took
        }
    }

    private func end() {
        writer.withLock { writer in
            writer?.checkpointToEnd()
            writer = nil
        }
    }
}
