import Synchronization
import TokenCore

/// Where the event loops learn what is revoked: one ordered list, one atomic head.
///
/// Raising the head is the one moment from which no loop accepts what is revoked: every check loads it first. So no loop can accept a token
/// that another has already refused. Reading the list takes a lock, but only when the head has moved.
final class RevocationFeed: Sendable {
    private struct List {
        var first: UInt64 = 0
        var entries: [RevocationEntry] = []
    }

    private let position = Atomic<UInt64>(0)
    /// Guards the list for one append, one copy or one trim.
    private let list = Mutex(List())

    /// How many entries were ever published.
    var head: UInt64 { position.load(ordering: .acquiring) }

    /// Publishes entries: from now on nothing they concern is accepted.
    ///
    /// - Returns: the head after them.
    func publish(_ entries: [RevocationEntry]) -> UInt64 {
        list.withLock { list in
            list.entries += entries
            let head = list.first + UInt64(list.entries.count)
            position.store(head, ordering: .releasing)
            return head
        }
    }

    /// The entries of a stretch that has not been forgotten.
    func entries(after: UInt64, upTo head: UInt64) -> ArraySlice<RevocationEntry> {
        list.withLock { list in list.entries[Int(after - list.first)..<Int(head - list.first)] }
    }

    /// Forgets what every loop has applied.
    func trim(upTo position: UInt64) {
        list.withLock { list in
            guard position > list.first else { return }
            list.entries.removeFirst(Int(position - list.first))
            list.first = position
        }
    }
}
