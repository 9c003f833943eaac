import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The tokens that this thread read last, in memory that no other thread touches: what `token()` answers from.
///
/// A lock or a reference count that all cores share costs each of them more than everything else here. So a thread keeps a copy, and a manager
/// raises its version (a word that all cores may read at once) when a copy must not be used any more. The table is direct-mapped: two managers that
/// fall on one place only make one another slower.
struct ThreadTokens {
    /// One token of one manager.
    private struct Entry {
        /// 0: nothing. Managers are never numbered alike.
        var manager: UInt64 = 0
        var version: UInt64 = 0
        var end = CoarseEnd()
        /// Where the clock is read to.
        var time = timespec()
        var content: AccessToken.Content?
    }

    /// How many managers a thread remembers: a power of two.
    private static let places = 64

    /// The tables of this process's threads. Managers keep it: what is asked of a global costs a look at whether it has been made.
    static let shared = ThreadTokens()

    private let key: pthread_key_t

    private init() {
        var key = pthread_key_t()
        let failure = pthread_key_create(&key) { pointer in
            #if canImport(Darwin)
            let table = pointer.assumingMemoryBound(to: Entry.self)
            #else
            guard let table = pointer?.assumingMemoryBound(to: Entry.self) else { return }
            #endif
            table.deinitialize(count: ThreadTokens.places)
            table.deallocate()
        }
        precondition(failure == 0, "the system has no room for a thread's value")
        self.key = key
    }

    /// The token of a manager, if this thread has read it at this version and it may still be used.
    @inline(__always)
    func find(_ manager: UInt64, version: UInt64) -> AccessToken? {
        guard let memory = pthread_getspecific(key) else { return nil }
        let entry = memory.assumingMemoryBound(to: Entry.self) + Int(truncatingIfNeeded: manager & UInt64(Self.places - 1))
        guard entry.pointee.manager == manager, entry.pointee.version == version else { return nil }
        let now = CoarseClock.steady(&entry.pointee.time)
        guard entry.pointee.end.isAhead(at: now, wall: { CoarseClock.wall(&entry.pointee.time) }) else { return nil }
        return entry.pointee.content.map { AccessToken($0) }
    }

    /// Remembers a token for this thread.
    func keep(_ content: AccessToken.Content, of manager: UInt64, version: UInt64, until end: CoarseEnd) {
        let entry = table + Int(truncatingIfNeeded: manager & UInt64(Self.places - 1))
        entry.pointee = Entry(manager: manager, version: version, end: end, content: content.copied())
    }

    private var table: UnsafeMutablePointer<Entry> {
        if let memory = pthread_getspecific(key) { return memory.assumingMemoryBound(to: Entry.self) }
        let new = UnsafeMutablePointer<Entry>.allocate(capacity: Self.places)
        new.initialize(repeating: Entry(), count: Self.places)
        precondition(pthread_setspecific(key, new) == 0, "the system has no room for a thread's value")
        return new
    }
}
