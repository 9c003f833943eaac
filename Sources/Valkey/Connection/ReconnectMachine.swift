/// When to connect anew: a value that neither connects nor looks at a clock.
struct ReconnectMachine {
    /// The life of a slot.
    enum State: Equatable {
        /// Nobody asked yet. Goes to `connecting`.
        case idle
        /// Goes to `up`, or to `waiting`.
        case connecting
        /// Goes to `waiting`.
        case up
        /// Goes to `connecting` when its time is over.
        case waiting
        /// For good.
        case stopped
    }

    private(set) var state = State.idle
    /// In a row.
    private(set) var failures = 0
    private let backOff: BackOff

    init(backOff: BackOff) { self.backOff = backOff }

    /// Somebody wants a connection.
    ///
    /// - Returns: whether to connect.
    mutating func wanted() -> Bool {
        guard state == .idle else { return false }
        state = .connecting
        return true
    }

    /// The connection is greeted.
    mutating func ready() {
        guard state == .connecting else { return }
        state = .up
        failures = 0
    }

    /// The connection ended, or was never made.
    ///
    /// - Parameter chance: from 0 to 1.
    /// - Returns: after how long to connect anew; nil: not at all.
    mutating func closed(chance: Double) -> Duration? {
        guard state == .connecting || state == .up else { return nil }
        failures += 1
        state = .waiting
        return backOff.wait(failures: failures, chance: chance)
    }

    /// The wait is over.
    ///
    /// - Returns: whether to connect.
    mutating func waited() -> Bool {
        guard state == .waiting else { return false }
        state = .connecting
        return true
    }

    /// No more connections.
    mutating func stop() { state = .stopped }
}
