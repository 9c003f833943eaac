import Synchronization
import TokenCore

/// Lets one login of a subject through at a time, in order of arrival, where the number of its sessions is limited.
final class SubjectLanes: Sendable {
    /// How many may wait for one subject: sixteen times the 64 that a burst of one user's devices was measured with.
    static let mostPerSubject = 1024

    /// The waiting logins of each subject that has one under way. Guarded while it is changed; nobody waits inside.
    private let lanes = Mutex<[Subject: [CheckedContinuation<Void, Never>]]>([:])

    /// Waits for the subject's turn; false, at once, when too many wait already. Who entered must leave.
    func enter(_ subject: Subject) async -> Bool {
        let free: Bool? = lanes.withLock { lanes in
            guard let waiting = lanes[subject] else {
                lanes[subject] = []
                return true
            }
            return waiting.count < Self.mostPerSubject ? false : nil
        }
        guard let free else { return false }
        if free { return true }
        await withCheckedContinuation { continuation in
            let gone = lanes.withLock { lanes in
                guard lanes[subject] != nil else {
                    lanes[subject] = []
                    return true
                }
                lanes[subject]?.append(continuation)
                return false
            }
            if gone { continuation.resume() }
        }
        return true
    }

    /// How many wait for a subject's turn.
    func waiting(for subject: Subject) -> Int { lanes.withLock { $0[subject]?.count ?? 0 } }

    /// Lets the next one in.
    func leave(_ subject: Subject) {
        let next: CheckedContinuation<Void, Never>? = lanes.withLock { lanes in
            guard var waiting = lanes[subject], !waiting.isEmpty else {
                lanes[subject] = nil
                return nil
            }
            let next = waiting.removeFirst()
            lanes[subject] = waiting
            return next
        }
        next?.resume()
    }
}
