import Synchronization
import TokenClient

/// Many callers of one manager, who check every token they are handed: `ACCESS` says when it ends, in its third part.
struct Callers {
    private let manager: TokenManager
    private let server: Int
    private let count: Int

    /// What this process knows to be rejected.
    private final class Rejected: Sendable {
        let values = Mutex<Set<String>>([])
    }

    private let rejected = Rejected()

    init(_ manager: TokenManager, server: Int, _ count: Int) {
        self.manager = manager
        self.server = server
        self.count = count
    }

    /// Until it is killed.
    func run() async {
        say("running")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    while !Task.isCancelled { await use() }
                }
            }
            group.addTask {
                while !Task.isCancelled { await show() }
            }
        }
    }

    private func use() async {
        do {
            let known = rejected.values.withLock { $0 }
            let began = wallMilliseconds()
            let token = try await manager.token(within: .seconds(30))
            check(token, known, began)
        } catch {
            say("failed \(error)")
        }
        try? await Task.sleep(for: .milliseconds(Int.random(in: 100...300)))
    }

    /// Strict for whoever asked after the end: who asked before it may have been stopped with the token in its hands.
    private func check(_ token: AccessToken, _ known: Set<String>, _ began: Int64) {
        let parts = token.value.split(separator: ".")
        guard parts.count == 3, let end = Int64(parts[2]) else { return say("violation: not a token") }
        if began >= end { say("violation: expired \(began - end) ms before it was asked for: \(token.value)") }
        if known.contains(token.value) { say("violation: rejected: \(token.value)") }
    }

    /// One caller shows its token to whom it is for, and believes a 401.
    private func show() async {
        if let token = try? await manager.token(within: .seconds(30)),
            let answer = try? await Wire.ask(server, "use \(token.value)", steps: nil), answer.status == 401
        {
            if manager.invalidate(token) { rejected.values.withLock { _ = $0.insert(token.value) } }
        }
        try? await Task.sleep(for: .milliseconds(100))
    }
}
