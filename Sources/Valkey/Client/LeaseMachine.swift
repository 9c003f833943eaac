import NIOCore

/// Who has which connection to himself: a value that opens and closes none.
struct LeaseMachine<Connection, Waiter> {
    private let most: Int
    private let mostWaiting: Int
    private var idle: [Connection] = []
    /// Idle or lent.
    private(set) var opened = 0
    private var waiting: CircularBuffer<(id: UInt64, waiter: Waiter)> = []
    private var isClosed = false

    init(most: Int, mostWaiting: Int) {
        self.most = most
        self.mostWaiting = mostWaiting
    }

    /// What somebody gets who wants a connection.
    enum Grant {
        case use(Connection)
        /// There is room for one more: open it.
        case open
        /// All are lent; the waiter is kept.
        case wait
        case refuse(ValkeyClientError.ErrorCode)
    }

    /// Somebody wants a connection.
    mutating func lease(_ id: UInt64, _ waiter: Waiter) -> Grant {
        if isClosed { return .refuse(.clientIsShutDown) }
        // The one that was used last is the likeliest to be alive.
        if let connection = idle.popLast() { return .use(connection) }
        if opened < most {
            opened += 1
            return .open
        }
        guard waiting.count < mostWaiting else { return .refuse(.overloaded) }
        waiting.append((id, waiter))
        return .wait
    }

    /// What to do with a connection that comes back.
    enum Return {
        case keep
        case hand(Connection, to: Waiter)
        /// It is of no use any more, and somebody waits: open another for him.
        case openFor(Waiter)
        case close
    }

    /// A connection comes back.
    mutating func giveBack(_ connection: Connection, isUsable: Bool) -> Return {
        if isClosed {
            opened -= 1
            return .close
        }
        if let first = waiting.popFirst() { return isUsable ? .hand(connection, to: first.waiter) : .openFor(first.waiter) }
        if isUsable {
            idle.append(connection)
            return .keep
        }
        opened -= 1
        return .close
    }

    /// Somebody no longer waits; nil: he has got what he wanted.
    mutating func cancel(_ id: UInt64) -> Waiter? {
        waiting.firstIndex { $0.id == id }.map { waiting.remove(at: $0).waiter }
    }

    /// No more leases. What is lent is closed when it comes back.
    mutating func close() -> (idle: [Connection], waiting: [Waiter]) {
        let result = (idle, waiting.map(\.waiter))
        isClosed = true
        opened -= idle.count
        idle = []
        waiting = []
        return result
    }
}
