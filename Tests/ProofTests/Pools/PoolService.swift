import Synchronization

/// Somewhere that a pool can be used: an instance over HTTP, or a store in this process.
protocol PoolService: Sendable {
    func perform(_ action: PoolOperation.Action) async -> PoolOperation.Answer
}

/// Collects what many users of a pool saw at once.
final class PoolRecorder: Sendable {
    /// Guards the list for one addition or one copy.
    private let operations = Mutex<[PoolOperation]>([])

    /// Everything so far.
    var history: [PoolOperation] { operations.withLock { $0 } }

    /// How many assignments there were so far.
    var assigned: Int { grants.load(ordering: .relaxed) }
    private let grants = Atomic(0)

    func perform(_ action: PoolOperation.Action, at service: some PoolService) async -> PoolOperation.Answer {
        let began = Moment.now()
        let answer = await service.perform(action)
        let operation = PoolOperation(action: action, answer: answer, began: began, ended: .now())
        operations.withLock { $0.append(operation) }
        if case .assigned = answer { grants.add(1, ordering: .relaxed) }
        return answer
    }
}
