import Synchronization

/// So many tasks on bare continuations that one task resumes, one after the other: what the system takes for that, with nobody's code in between.
struct BareWaiters {
    let count: Int

    /// Nanoseconds from the first resumption until every task has gone on.
    func wake() async throws -> Double {
        let suspended = Suspended()
        let waiters = (0..<count).map { _ in
            Task {
                // Not a checked one, which would be a second object for each task.
                await withUnsafeContinuation { continuation in suspended.all.withLock { $0.append(continuation) } }
                return ContinuousClock.now
            }
        }
        while suspended.all.withLock({ $0.count }) < count { try await Task.sleep(for: .milliseconds(5)) }
        let began = await Task {
            let all = suspended.all.withLock { $0 }
            let began = ContinuousClock.now
            for continuation in all { continuation.resume() }
            return began
        }.value
        var last = began
        for waiter in waiters { last = max(last, await waiter.value) }
        return Double((last - began).nanoseconds)
    }
}

private final class Suspended: Sendable {
    let all = Mutex<[UnsafeContinuation<Void, Never>]>([])
}
