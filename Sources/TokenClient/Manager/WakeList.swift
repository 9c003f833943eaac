import Synchronization
import TokenCore

/// Whoever wants to be woken at some moment.
protocol Sleeper: AnyObject, Sendable {
    /// It is that moment, or later.
    func wake(for moment: MonotonicTime)
}

/// Wakes any number of managers with one timer, which runs only while somebody wants to be woken.
final class WakeList: Sendable {
    /// The one of this process.
    static let shared = WakeList()

    private struct Entry {
        let moment: MonotonicTime
        weak var sleeper: (any Sleeper)?
    }

    private struct State {
        /// A heap by moment, the earliest first.
        var entries: [Entry] = []
        var timer: Task<Void, Never>?
        /// When the timer fires.
        var firesAt: MonotonicTime?
    }

    /// Guards the heap for one insertion or removal; nobody is woken inside.
    private let state = Mutex(State())

    /// Wakes `sleeper` at `moment`, unless it is gone by then. A moment once asked for cannot be taken back: the sleeper ignores it.
    func wake(_ sleeper: any Sleeper, at moment: MonotonicTime) {
        state.withLock { state in
            state.entries.append(Entry(moment: moment, sleeper: sleeper))
            Self.rise(&state.entries)
            setTimer(&state)
        }
    }

    private func setTimer(_ state: inout State) {
        guard let next = state.entries.first?.moment, state.firesAt.map({ next < $0 }) ?? true else { return }
        state.timer?.cancel()
        state.firesAt = next
        state.timer = Task.detached { [self] in
            do { try await Task.sleep(for: next - .read(), clock: .continuous) } catch { return }
            fire()
        }
    }

    private func fire() {
        let now = MonotonicTime.read()
        let due = state.withLock { state in
            var due: [Entry] = []
            while let first = state.entries.first, first.moment <= now { due.append(Self.removeFirst(&state.entries) ?? first) }
            state.firesAt = nil
            state.timer = nil
            setTimer(&state)
            return due
        }
        for entry in due { entry.sleeper?.wake(for: entry.moment) }
    }

    private static func rise(_ heap: inout [Entry]) {
        var child = heap.count - 1
        while child > 0, heap[child].moment < heap[(child - 1) / 2].moment {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private static func removeFirst(_ heap: inout [Entry]) -> Entry? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        heap[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return first }
            let right = left + 1
            let child = right < heap.count && heap[right].moment < heap[left].moment ? right : left
            guard heap[child].moment < heap[parent].moment else { return first }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
