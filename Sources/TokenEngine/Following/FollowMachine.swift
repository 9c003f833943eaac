import TokenCore

/// Where one instance stands in the revocation logs of a shared store, and what it has to read next.
///
/// It does no I/O and looks at no clock. Whoever drives it reads what an order says, has every entry of the page enforced, whatever the machine will
/// think of the page, and only then reports it with `enforced`: a cursor never stands beyond what is enforced.
struct FollowMachine: Sendable {
    /// One page to read: entries of a partition after a number.
    struct Order: Hashable, Sendable {
        let partition: Partition
        let after: UInt64
        /// Which reading of the log it belongs to: the answer to an order from before a reload moves nothing.
        fileprivate let reading: UInt64
    }

    /// How far one partition's log was read.
    private struct Log {
        enum Progress {
            /// To be read from its beginning, at least up to `head`; goes to `following` at its end. `through`: the last number read so far.
            case loading(head: RevocationHead, through: UInt64)
            /// Everything up to this head is enforced. Goes to `loading` when numbers are missing, go back, or have another past.
            case following(RevocationHead)
        }
        var progress: Progress
        /// Counts the loads.
        var reading: UInt64 = 0
        /// Whether a page is being read: never two of one partition.
        var isReading = false
        /// Whether there may be more to read than the page on its way brings.
        var isDue = false

        /// The number after which the next page begins.
        var after: UInt64 {
            switch progress {
            case .loading(_, let through): through
            case .following(let head): head.number
            }
        }
        /// Up to where everything is enforced; nil while the log is loaded.
        var cursor: UInt64? { if case .following(let head) = progress { head.number } else { nil } }

        mutating func load(upTo head: RevocationHead) {
            progress = .loading(head: head, through: 0)
            reading += 1
        }
    }

    /// One look at all heads, until everything up to them is enforced.
    private struct Look {
        let beganAt: MonotonicTime
        /// Where the cursors stood when it began: a head below that went back; one below where a bell has brought the cursor meanwhile did not.
        let cursors: [Partition: UInt64]
        /// What is still to be reached; nil until the heads are known.
        var remaining: [Partition: UInt64]?
    }

    /// How many entries a page has at most.
    static let page = 1000
    /// How many partitions are read at once, so that catching up after a long disconnect is no storm on the store, nor on the pages' memory.
    static let mostReads = 16

    private var logs: [Partition: Log] = [:]
    /// Partitions that are due and of which nothing is being read, the longest waiting first.
    private var queue: [Partition] = []
    private var reads = 0
    private var look: Look?
    /// When the last look began that has been completed: everything revoked before is enforced. Nil before the first.
    private(set) var freshness: MonotonicTime?
    /// How often a log was read again from its beginning.
    private(set) var reloads: UInt64 = 0

    /// A bell rang for a partition.
    mutating func rang(_ partition: Partition) -> [Order] {
        want(partition)
        return nextOrders()
    }

    /// A look is about to begin.
    ///
    /// - Returns: false while the last one is not over.
    mutating func beginLook(at now: MonotonicTime) -> Bool {
        guard look == nil else { return false }
        look = Look(beganAt: now, cursors: logs.compactMapValues(\.cursor))
        return true
    }

    /// The heads that the look found.
    ///
    /// - Parameter isWhole: whether they are those of all partitions; else the look is not completed by them.
    mutating func looked(_ heads: [Partition: RevocationHead], isWhole: Bool = true) -> [Order] {
        guard let cursors = look?.cursors else { return [] }
        look?.remaining = heads.mapValues(\.number)
        for (partition, head) in heads { compare(partition, head, cursor: cursors[partition]) }
        // A log that is known and was not shown is one of which nothing is known any more.
        if !isWhole || logs.keys.contains(where: { heads[$0] == nil }) { look = nil }
        for partition in heads.keys { arrive(partition) }
        return nextOrders()
    }

    /// The heads could not be read. The next look begins anew.
    mutating func lookFailed() { look = nil }

    /// Every entry of the page is enforced.
    mutating func enforced(_ page: [NumberedRevocation], of order: Order) -> [Order] {
        let partition = order.partition
        finish(partition)
        guard let log = logs[partition], log.reading == order.reading else { return nextOrders() }
        switch log.progress {
        case .loading(let head, let through): load(partition, page, head: head, through: through)
        case .following(let head): follow(partition, page, from: head)
        }
        arrive(partition)
        return nextOrders()
    }

    /// The page could not be read. The look that is under way will not be completed; the next one orders the page again.
    mutating func failed(_ order: Order) -> [Order] {
        finish(order.partition)
        look = nil
        return nextOrders()
    }
}

extension FollowMachine {
    private mutating func compare(_ partition: Partition, _ head: RevocationHead, cursor before: UInt64?) {
        switch logs[partition]?.progress {
        case nil:
            logs[partition] = Log(progress: .loading(head: head, through: 0))
        case .loading(let seen, let through):
            // A load that was interrupted goes on where it was: as long as another partition cannot be read, there is a look every second.
            guard head.history == seen.history, head.number >= through else { return reload(partition, upTo: head) }
            logs[partition]?.progress = .loading(head: head, through: through)
        case .following(let cursor):
            guard head.history == cursor.history, head.number >= before ?? 0 else { return reload(partition, upTo: head) }
            guard head.number > cursor.number else { return }
        }
        want(partition)
    }

    private mutating func reload(_ partition: Partition, upTo head: RevocationHead) {
        logs[partition]?.load(upTo: head)
        reloads += 1
        want(partition)
    }

    /// One page of a log from its beginning. What was trimmed from its front is over; what is left has no gap.
    private mutating func load(_ partition: Partition, _ page: [NumberedRevocation], head: RevocationHead, through: UInt64) {
        guard page.isDense, through == 0 || page.first.map({ $0.number == through + 1 }) ?? true else {
            return giveUp(partition, head)
        }
        let last = page.last?.number ?? through
        if page.count >= Self.page {
            logs[partition]?.progress = .loading(head: head, through: last)
            want(partition)
        } else if last >= head.number || last == 0 {
            // An empty log whose numbers have begun: everything in it is over.
            logs[partition]?.progress = .following(RevocationHead(number: max(last, head.number), history: head.history))
        } else {
            giveUp(partition, head)
        }
    }

    /// One page after the cursor.
    private mutating func follow(_ partition: Partition, _ page: [NumberedRevocation], from head: RevocationHead) {
        guard let last = page.last?.number else {
            // A look has seen more than there is: it was trimmed, all of it, or the log went back. To be read from its beginning, either way.
            if let wanted = look?.remaining?[partition], wanted > head.number {
                reload(partition, upTo: RevocationHead(number: wanted, history: head.history))
            }
            return
        }
        guard page.isDense, page[0].number == head.number + 1 else {
            return reload(partition, upTo: RevocationHead(number: last, history: head.history))
        }
        logs[partition]?.progress = .following(RevocationHead(number: last, history: head.history))
        if page.count >= Self.page || look?.remaining?[partition].map({ $0 > last }) == true { want(partition) }
    }

    /// The log changed under the load: it is shorter than a head that was seen, or what should follow is gone. The next look has it begin anew.
    private mutating func giveUp(_ partition: Partition, _ head: RevocationHead) {
        logs[partition]?.load(upTo: head)
        look = nil
    }

    /// Ends the look when this was the last partition that it waited for.
    private mutating func arrive(_ partition: Partition) {
        guard let wanted = look?.remaining?[partition], let cursor = logs[partition]?.cursor, cursor >= wanted else { return }
        look?.remaining?[partition] = nil
        guard let look, look.remaining?.isEmpty == true else { return }
        freshness = max(freshness ?? look.beganAt, look.beganAt)
        self.look = nil
    }

    private mutating func want(_ partition: Partition) {
        guard let log = logs[partition], !log.isDue else { return }
        logs[partition]?.isDue = true
        if !log.isReading { queue.append(partition) }
    }

    private mutating func finish(_ partition: Partition) {
        reads -= 1
        logs[partition]?.isReading = false
        if logs[partition]?.isDue == true { queue.append(partition) }
    }

    private mutating func nextOrders() -> [Order] {
        var orders: [Order] = []
        while reads < Self.mostReads, let partition = queue.first, let log = logs[partition] {
            queue.removeFirst()
            logs[partition]?.isDue = false
            logs[partition]?.isReading = true
            reads += 1
            orders.append(Order(partition: partition, after: log.after, reading: log.reading))
        }
        return orders
    }
}

extension [NumberedRevocation] {
    /// Whether each number is the one before it plus one.
    fileprivate var isDense: Bool { zip(self, dropFirst()).allSatisfy { $0.number + 1 == $1.number } }
}
