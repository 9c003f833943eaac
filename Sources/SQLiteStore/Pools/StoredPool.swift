import GRDBSQLite
import TokenCore

/// One pool as the writer changes it, for the length of a group: its header is read once and written once, whatever the group does with it.
///
/// A token that is read by its id, or because it is due, comes without its value and metadata: the machine hands those out when it assigns and when
/// it lists, and for both they are read.
final class StoredPool: PoolTable {
    typealias Failure = SQLiteFailure

    private let rows: PoolRows
    private let name: PoolName
    /// The number that the pool's rows carry; nil while there is no pool.
    private var number: Int64?
    /// The header as of the transaction under way, and as the file has it.
    private var current, written: PoolHeader?

    init(_ name: PoolName, _ rows: PoolRows) throws(SQLiteFailure) {
        self.name = name
        self.rows = rows
        let found = try rows.find.first {
            $0.add(Array(name.text.utf8))
        } read: { row in
            (row.integer(0), PoolHeader(row))
        }
        guard let found else { return }
        guard let header = found.1 else { throw .damaged("the header of the pool \(name)") }
        number = found.0
        (current, written) = (header, header)
    }

    /// Writes the header if it was changed: the last thing before the commit.
    func flush() throws(SQLiteFailure) {
        guard let number, let current, current != written else { return }
        if current.statistics.policy != written?.statistics.policy {
            try rows.change.run { bindings in
                bindings.add(current.statistics.policy.encoded())
                bindings.add(number)
            }
        }
        try rows.update.run { bindings in
            bindings.add(current)
            bindings.add(number)
        }
        written = current
    }

    func header() -> PoolHeader? { current }

    func setHeader(_ header: PoolHeader?) throws(SQLiteFailure) {
        current = header
        if let header, number == nil {
            number = try rows.create.first {
                $0.add(Array(name.text.utf8))
                $0.add(header.statistics.policy.encoded())
            } read: {
                $0.integer(0)
            }
            written = PoolHeader(policy: header.statistics.policy)
        }
        if header == nil, let gone = number.take() {
            try rows.remove.run { $0.add(gone) }
            written = nil
        }
    }

    /// The number of the pool that there is.
    private var key: Int64 { number ?? 0 }
}

// MARK: - Tokens

extension StoredPool {
    func token(_ id: PooledTokenID) throws(SQLiteFailure) -> PooledToken? {
        try one(rows.token, hasValue: false) { bindings in
            bindings.add(key)
            bindings.add(id.bytes)
        }
    }

    func put(_ token: PooledToken, replacing: PooledToken?) throws(SQLiteFailure) {
        try (replacing == nil ? rows.insertToken : rows.updateToken).run { bindings in
            bindings.add(token)
            bindings.add(key)
            bindings.add(token.id.bytes)
        }
        guard replacing == nil else { return }
        try rows.insertValue.run { bindings in
            bindings.add(key)
            bindings.add(token.id.bytes)
            bindings.add(token.sealed)
            bindings.add(token.metadata)
        }
    }

    func remove(_ token: PooledToken) throws(SQLiteFailure) {
        for statement in [rows.removeToken, rows.removeValue] {
            try statement.run { bindings in
                bindings.add(key)
                bindings.add(token.id.bytes)
            }
        }
    }

    func firstFree(from rank: Int64) throws(SQLiteFailure) -> PooledToken? {
        try one(rows.firstFree, hasValue: true) { bindings in
            bindings.add(key)
            bindings.add(rank)
        }
    }

    func firstDue(by now: UnixTime) throws(SQLiteFailure) -> PooledToken? {
        try one(rows.firstDue, hasValue: false) { bindings in
            bindings.add(key)
            bindings.add(now.milliseconds)
        }
    }

    func firstDueAt() throws(SQLiteFailure) -> UnixTime? {
        try rows.firstDueAt.first {
            $0.add(key)
        } read: {
            UnixTime(milliseconds: $0.integer(0))
        }
    }

    func tokens(after: PooledTokenID?, limit: Int) throws(SQLiteFailure) -> [PooledToken] {
        var found: [PooledToken?] = []
        try rows.list.each { bindings in
            bindings.add(key)
            bindings.add(after?.bytes ?? [])
            bindings.add(limit)
        } read: { row in
            found.append(PooledToken(row, hasValue: true))
        }
        let tokens = found.compactMap(\.self)
        guard tokens.count == found.count else { throw .damaged("a token of the pool \(name)") }
        return tokens
    }

    private func one(
        _ statement: Statement, hasValue: Bool, _ bind: (inout Bindings) -> Void
    ) throws(SQLiteFailure) -> PooledToken? {
        guard let found = try statement.first(bind, read: { PooledToken($0, hasValue: hasValue) }) else { return nil }
        guard let token = found else { throw .damaged("a token of the pool \(name)") }
        return token
    }
}

// MARK: - Holders and the queue

extension StoredPool {
    func held(by holder: PoolHolder) throws(SQLiteFailure) -> Int {
        let held = try rows.held.first {
            $0.add(key)
            $0.add(Array(holder.utf8))
        } read: {
            Int($0.integer(0))
        }
        return held ?? 0
    }

    func setHeld(_ count: Int, by holder: PoolHolder) throws(SQLiteFailure) {
        try (count == 0 ? rows.removeHeld : rows.setHeld).run { bindings in
            bindings.add(key)
            bindings.add(Array(holder.utf8))
            if count != 0 { bindings.add(count) }
        }
    }

    func firstTicket() throws(SQLiteFailure) -> PoolTicket? {
        try rows.firstTicket.first {
            $0.add(key)
        } read: {
            PoolTicket($0)
        }
    }

    func ticket(_ number: UInt64) throws(SQLiteFailure) -> PoolTicket? {
        try rows.ticket.first {
            $0.add(key)
            $0.add(number)
        } read: {
            PoolTicket($0)
        }
    }

    func put(_ ticket: PoolTicket) throws(SQLiteFailure) {
        try rows.setTicket.run { bindings in
            bindings.add(key)
            bindings.add(ticket.number)
            bindings.add(ticket.until.milliseconds)
        }
    }

    func remove(_ ticket: PoolTicket) throws(SQLiteFailure) {
        try rows.removeTicket.run { bindings in
            bindings.add(key)
            bindings.add(ticket.number)
        }
    }
}
