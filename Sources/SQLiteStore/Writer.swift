import GRDBSQLite
import TokenCore

/// What the writer can be asked to do.
enum Work: Sendable {
    /// Judge and write a batch.
    case batch(WriteBatch)
    /// Remove records past their expiry, at most so many.
    case sweepRecords(now: UnixTime, limit: Int)
    /// Remove revocations past their expiry, at most so many.
    case sweepRevocations(now: UnixTime, limit: Int)
    /// Remove events up to a number.
    case trimEvents(through: UInt64)
    /// Do what is asked of a pool.
    case pool(PoolOrder)
    /// Write something and take it back.
    case check

    /// How many rows it changes at most: what a group is measured by.
    var weight: Int {
        switch self {
        case .batch(let batch): batch.writes.count + batch.revocations.count + batch.events.count
        case .sweepRecords(_, let limit), .sweepRevocations(_, let limit): min(limit, Sweeper.piece)
        case .trimEvents: Outbox.piece
        case .pool(let order): order.weight
        case .check: 1
        }
    }
}

/// How much was done, and whether the same order has more to do; of a verb on a pool its answer.
struct Outcome: Hashable, Sendable {
    var count = 0
    var hasMore = false
    var reply: PoolReply?
}

/// The only connection that writes and checkpoints. Takes groups of work; each is one transaction and one fsync.
///
/// Used by one thread at a time: `CommitQueue` sees to it. An error of SQLite undoes the whole group; where it may be the fault of one
/// piece of work, each is then tried alone, so that one bad batch spoils no other.
final class Writer {
    private let connection: Connection
    private let pointer: OpaquePointer
    private let begin, end, rollback: Statement
    private let records: RecordTable
    private let revocations: RevocationTable
    private let outbox: Outbox
    private let pools: Pools
    private let sweeper: Sweeper
    private let probe: Probe
    private let checkpoints: Checkpointer
    private let keepsEvents: Bool

    /// A writer on a connection whose schema is up to date.
    init(
        _ connection: Connection, keepsEvents: Bool = true, checkpointAtPages: Int32 = Checkpointer.usualPages
    ) throws(StoreError) {
        self.connection = connection
        self.keepsEvents = keepsEvents
        pointer = connection.takeOver()
        do throws(SQLiteFailure) {
            begin = try Statement("BEGIN IMMEDIATE", on: pointer)
            end = try Statement("COMMIT", on: pointer)
            rollback = try Statement("ROLLBACK", on: pointer)
            records = try RecordTable(pointer)
            revocations = try RevocationTable(pointer)
            outbox = try Outbox(pointer)
            pools = try Pools(pointer)
            sweeper = try Sweeper(pointer)
            probe = try Probe(pointer)
        } catch {
            throw StoreError(error)
        }
        checkpoints = Checkpointer(connection, pointer, limit: checkpointAtPages)
    }

    /// Does a group of work in one transaction; the answers are in the order of the work.
    func perform(_ group: [Work]) -> [Result<Outcome, StoreError>] {
        do throws(GroupFailure) {
            return try transact(group)
        } catch {
            guard error.mayBeOfOneBatch, group.count > 1 else { return group.map { _ in .failure(error.meaning) } }
            return group.map { perform([$0])[0] }
        }
    }

    /// Copies what the log has gathered into the database file, if it is enough. Call it when the group has its answers.
    func checkpointIfDue() { checkpoints.runIfDue() }

    /// Copies all of the log into the database file: the last thing before the connection ends.
    func checkpointToEnd() { checkpoints.runToEnd() }

    private func transact(_ group: [Work]) throws(GroupFailure) -> [Result<Outcome, StoreError>] {
        let numbers = (revocations.heads, outbox.end)
        defer { pools.forget() }
        do throws(GroupFailure) {
            let results: [Result<Outcome, StoreError>]
            do throws(SQLiteFailure) {
                try begin.run()
                results = try write(group)
            } catch { throw .statement(error) }
            do throws(SQLiteFailure) { try end.run() } catch { throw .commit(error) }
            return results
        } catch {
            // Some errors have ended the transaction already.
            if sqlite3_get_autocommit(pointer) == 0 { try? rollback.run() }
            (revocations.heads, outbox.end) = numbers
            throw error
        }
    }

    private func write(_ group: [Work]) throws(SQLiteFailure) -> [Result<Outcome, StoreError>] {
        var results: [Result<Outcome, StoreError>] = []
        results.reserveCapacity(group.count)
        var written = 0
        var clock = UnixTime.distantFuture
        for work in group {
            let result = try perform(work)
            results.append(result)
            if case .batch(let batch) = work, case .success = result {
                written += 1
                clock = min(clock, batch.now)
            }
        }
        try pools.flush()
        if written > 0 { try tidy(after: written, now: clock) }
        return results
    }

    private func perform(_ work: Work) throws(SQLiteFailure) -> Result<Outcome, StoreError> {
        switch work {
        case .batch(let batch):
            guard try records.apply(batch) else { return .failure(.conflict) }
            try revocations.append(batch.revocations, in: batch.partition)
            if keepsEvents { try outbox.append(batch.events) }
            return .success(Outcome())
        case .sweepRecords(let now, let limit): return .success(try sweeper.sweep(now: now, limit: limit))
        case .sweepRevocations(let now, let limit): return .success(try revocations.sweep(now: now, limit: limit))
        case .trimEvents(let number): return .success(try outbox.trim(through: number))
        case .pool(let order): return .success(try perform(order))
        case .check:
            try probe.writeAndTakeBack()
            return .success(Outcome())
        }
    }

    private func perform(_ order: PoolOrder) throws(SQLiteFailure) -> Outcome {
        let reply = try pools.perform(order)
        if keepsEvents, !reply.happened.isEmpty { try outbox.append(reply.happened.map { Event($0, in: order.pool) }) }
        return Outcome(reply: reply)
    }

    /// Removes a little of what has expired, so that the file does not grow between sweeps: more than the group can have added.
    private func tidy(after written: Int, now: UnixTime) throws(SQLiteFailure) {
        let share = 2 * written + 8
        _ = try sweeper.sweep(now: now, limit: share)
        try revocations.sweepNextPartition(now: now, limit: share)
    }
}

/// Why a group was undone.
enum GroupFailure: Error {
    /// While it was written.
    case statement(SQLiteFailure)
    /// When all of it was written, in the step that makes it durable.
    case commit(SQLiteFailure)

    /// Whether the rest of the group may succeed without one of it: what a value can cause, not what the disk can.
    var mayBeOfOneBatch: Bool {
        guard case .statement(let failure) = self else { return false }
        return [SQLITE_CONSTRAINT, SQLITE_TOOBIG, SQLITE_MISMATCH, SQLITE_RANGE, SQLITE_NOMEM].contains(failure.primary)
    }

    /// What the callers are told.
    ///
    /// A commit that found no space or no lock has not written its last frame, and without that frame recovery ignores the others. After
    /// any other error, a failed fsync above all, the last frame may be in the file: this process will never see it and the next group
    /// writes over it, but a crash before that could bring it back.
    var meaning: StoreError {
        switch self {
        case .statement(let failure): return StoreError(failure)
        case .commit(let failure) where [SQLITE_FULL, SQLITE_BUSY].contains(failure.primary): return .unavailable(failure.message)
        case .commit(let failure): return .outcomeUnknown(failure.message)
        }
    }
}
