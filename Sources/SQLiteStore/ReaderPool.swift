import Synchronization
import TokenCore

/// A few read-only connections, used on the caller's own thread: a read takes microseconds, a hop to another thread as long again.
///
/// A read started after a commit returned sees it: every statement outside a snapshot begins on the newest state.
final class ReaderPool: Sendable {
    /// Guards one connection for the length of one read; nil once the pool is closed.
    private final class Seat: Sendable {
        let reader: Mutex<Reader?>
        init(_ reader: sending Reader) { self.reader = Mutex(reader) }
    }

    private let seats: [Seat]
    private let turn = Atomic<Int>(0)

    /// Opens `count` connections.
    init(count: Int, file: String, pageCacheBytes: Int) throws(StoreError) {
        var seats: [Seat] = []
        for _ in 0..<count { seats.append(Seat(try Reader(file: file, pageCacheBytes: pageCacheBytes))) }
        self.seats = seats
    }

    /// Runs a read on a connection that is free, or waits for one.
    func read<T: Sendable>(_ body: @Sendable (Reader) throws(SQLiteFailure) -> T) throws(StoreError) -> T {
        let start = turn.wrappingAdd(1, ordering: .relaxed).newValue
        for offset in 0..<seats.count {
            let seat = seats[abs((start &+ offset) % seats.count)]
            if let result = seat.reader.withLockIfAvailable({ Self.run(body, on: $0) }) { return try result.get() }
        }
        return try seats[abs(start % seats.count)].reader.withLock { Self.run(body, on: $0) }.get()
    }

    /// Closes every connection as soon as its read is over.
    func close() {
        for seat in seats { seat.reader.withLock { $0 = nil } }
    }

    private static func run<T: Sendable>(_ body: @Sendable (Reader) throws(SQLiteFailure) -> T, on reader: Reader?) -> Result<T, StoreError> {
        guard let reader else { return .failure(.unavailable("the store is closed")) }
        do throws(SQLiteFailure) { return .success(try body(reader)) } catch { return .failure(StoreError(error)) }
    }
}
