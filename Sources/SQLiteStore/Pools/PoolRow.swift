import GRDBSQLite
import TokenCore

// How the rows of a pool read and write.

extension PooledToken {
    /// A token from `PoolRows.columns`, with its value behind them or without; nil when no such token can be.
    ///
    /// The lease of an assignment is the last one that the token had.
    init?(_ row: Row, hasValue: Bool) {
        guard let id = PooledTokenID(row.bytes(0)) else { return nil }
        let due = row.isNull(3) ? nil : UnixTime(milliseconds: row.integer(3))
        let lease = LeaseNumber(row.integer(5))
        let standing: Standing
        switch (row.integer(1), due) {
        case (0, let due): standing = .free(rank: row.integer(2), until: due)
        case (1, let due?):
            guard let holder = String(validating: row.bytes(8), as: UTF8.self) else { return nil }
            standing = .assigned(Assignment(lease: lease, holder: holder, since: UnixTime(milliseconds: row.integer(7)), until: due))
        case (2, let due?): standing = .resting(until: due)
        case (3, nil): standing = .quarantined
        default: return nil
        }
        self.init(
            id: id, sealed: hasValue ? row.bytes(10) : [], metadata: hasValue ? row.bytes(11) : [], standing: standing,
            lastSign: UnixTime(milliseconds: row.integer(4)))
        lastLease = lease
        failures = Int(row.integer(6))
        recent = row.bytes(9).times
    }
}

extension PooledToken.Standing {
    /// The number that rows have for it.
    fileprivate var number: Int {
        switch self {
        case .free: 0
        case .assigned: 1
        case .resting: 2
        case .quarantined: 3
        }
    }
}

extension Bindings {
    /// The next nine are the changing columns of a token.
    mutating func add(_ token: PooledToken) {
        add(token.standing.number)
        if case .free(let rank, _) = token.standing { add(rank) } else { addNull() }
        if let due = token.dueAt { add(due.milliseconds) } else { addNull() }
        add(token.lastSign.milliseconds)
        add(token.lastLease.value)
        add(token.failures)
        let assignment = token.assignment
        if let assignment { add(assignment.since.milliseconds) } else { addNull() }
        add(assignment.map { Array($0.holder.utf8) })
        add(token.recent.isEmpty ? nil : token.recent.bytes)
    }

    /// The next ten are the changing columns of a pool.
    mutating func add(_ header: PoolHeader) {
        let statistics = header.statistics
        add(statistics.phase.rawValue)
        for count in [
            statistics.free, statistics.assigned, statistics.resting, statistics.quarantined, statistics.waiting, statistics.surplus,
        ] { add(count) }
        add(header.lastLease.value)
        add(header.nextRank)
        add(header.nextTicket)
    }
}

extension PoolHeader {
    /// A header from the columns of `PoolRows.find`; nil when no such pool can be.
    init?(_ row: Row) {
        guard let policy = PoolPolicy(stored: row.bytes(1)), let phase = PoolPhase(rawValue: UInt8(truncatingIfNeeded: row.integer(2))) else {
            return nil
        }
        self.init(policy: policy)
        statistics.phase = phase
        statistics.free = Int(row.integer(3))
        statistics.assigned = Int(row.integer(4))
        statistics.resting = Int(row.integer(5))
        statistics.quarantined = Int(row.integer(6))
        statistics.waiting = Int(row.integer(7))
        statistics.surplus = Int(row.integer(8))
        lastLease = LeaseNumber(row.integer(9))
        nextRank = row.integer(10)
        nextTicket = row.number(11)
    }
}

extension PoolTicket {
    /// A place from its number and its end.
    init(_ row: Row) { self.init(number: row.number(0), until: UnixTime(milliseconds: row.integer(1))) }
}

extension PoolPolicy {
    /// The stored form: written when a pool is made or changed, so it is short to write rather than to read.
    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 80)
        writer.write(UInt8(1))
        writer.write(order.rawValue)
        writer.write(UInt8(clamping: parts))
        writer.write(Int64(mostTokens))
        for time in [lifetime, rest, keepAliveLimit, longestHold, rate?.span] { writer.write(time?.wholeMilliseconds ?? -1) }
        for count in [mostPerHolder, failuresToQuarantine, rate?.count] { writer.write(Int64(count ?? -1)) }
        return writer.bytes
    }

    /// The policy of a stored form; nil when it is none.
    init?(stored: [UInt8]) {
        var reader = ByteReader(stored)
        do throws(StoreError) {
            guard try reader.read(UInt8.self) == 1, let order = Order(rawValue: try reader.read()) else { return nil }
            let parts: UInt8 = try reader.read()
            let mostTokens: Int64 = try reader.read()
            var numbers: [Int64?] = []
            for _ in 0..<8 {
                let number: Int64 = try reader.read()
                numbers.append(number < 0 ? nil : number)
            }
            try reader.finish()
            guard let lifetime = numbers[0], let rest = numbers[1] else { return nil }
            self.init(
                order: order, lifetime: .milliseconds(lifetime), rest: .milliseconds(rest), keepAliveLimit: numbers[2].map { .milliseconds($0) },
                mostTokens: Int(mostTokens), longestHold: numbers[3].map { .milliseconds($0) }, mostPerHolder: numbers[5].map { Int($0) },
                failuresToQuarantine: numbers[6].map { Int($0) }, parts: Int(parts))
            if let span = numbers[4], let count = numbers[7] { rate = Rate(count: Int(count), span: .milliseconds(span)) }
        } catch {
            return nil
        }
    }
}

extension [UnixTime] {
    /// Eight bytes for each.
    fileprivate var bytes: [UInt8] {
        var writer = ByteWriter(capacity: 8 * count)
        for time in self { writer.write(time) }
        return writer.bytes
    }
}

extension [UInt8] {
    /// The times of eight bytes each.
    fileprivate var times: [UnixTime] {
        stride(from: 0, to: count - count % 8, by: 8).map { start in
            UnixTime(milliseconds: self[start..<start + 8].reduce(0) { $0 << 8 | Int64($1) })
        }
    }
}
