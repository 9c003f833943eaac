import Synchronization

/// One at a time, in the order in which they came.
final class Turns: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// Guarded for a few lines.
    private let state = Mutex(State())

    /// Waits for the turn.
    func take() async {
        await withCheckedContinuation { waiter in
            let isFree = state.withLock { state in
                defer { state.isTaken = true }
                if state.isTaken { state.waiting.append(waiter) }
                return !state.isTaken
            }
            if isFree { waiter.resume() }
        }
    }

    /// Lets the next one have it.
    func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty { state.isTaken = false }
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
        next?.resume()
    }
}
