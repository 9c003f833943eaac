import TokenCore

/// Is told of every group commit: for metrics.
public protocol CommitObserver: Sendable {
    /// A group has been committed, or undone. Called on the writer's thread before the callers are answered: must be quick.
    func committed(_ report: CommitReport)
}

/// One group commit.
public struct CommitReport: Hashable, Sendable {
    /// How many batches and other pieces of work shared the transaction.
    public let batches: Int
    /// How many of them were refused with `.conflict`.
    public let conflicts: Int
    /// How many of them failed otherwise.
    public let failures: Int
    /// From the first statement to the end of the fsync.
    public let duration: Duration

    init(of results: [Result<Outcome, StoreError>], duration: Duration) {
        var (conflicts, failures) = (0, 0)
        for case .failure(let error) in results {
            if error == .conflict { conflicts += 1 } else { failures += 1 }
        }
        batches = results.count
        self.conflicts = conflicts
        self.failures = failures
        self.duration = duration
    }
}
