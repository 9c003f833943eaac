import Foundation
import Synchronization
import TestSupport

/// Several processes with many callers each, which share the tokens of one issuer, and what is done to them.
final class UpstreamFleet: Sendable {
    /// How it is set up.
    struct Plan: Sendable {
        var processes = 8
        var callers = 100
        var lifetime = Duration.seconds(2)
        /// Every so many requests, who makes it is killed before the answer; 0: nobody.
        var killsEvery = 0
        /// `vault=…` of the workers.
        var vault: String
        var fault = ""
    }

    let plan: Plan
    let server: RotatingServer
    private let folder: UpstreamFolder
    private let words: [String]
    private let members = Mutex<[UpstreamProcess]>([])
    private let ended = Mutex<[UpstreamProcess]>([])

    private init(_ plan: Plan, _ folder: UpstreamFolder) throws {
        self.plan = plan
        self.folder = folder
        let requests = Mutex(0)
        let every = plan.killsEvery
        server = try RotatingServer(lifetime: plan.lifetime, delay: .milliseconds(20)) { pid in
            guard every > 0 else { return false }
            let isItsTurn = requests.withLock { count in
                count += 1
                return count.isMultiple(of: every)
            }
            // A process of this fleet, by its own id: it said so in its request.
            if isItsTurn, pid > 1 { Foundation.kill(pid, SIGKILL) }
            return isItsTurn
        }
        words = ["fleet", plan.vault, "server=\(server.port)", "callers=\(plan.callers)", "timeout=4000", "fault=\(plan.fault)"]
    }

    /// Starts it for as long as a body runs, and ends every process of it.
    @discardableResult
    static func run<Value>(_ plan: Plan, in folder: UpstreamFolder, _ body: (UpstreamFleet) async throws -> Value) async throws -> Value {
        let fleet = try UpstreamFleet(plan, folder)
        for _ in 0..<plan.processes { try fleet.start() }
        do {
            try await fleet.running()
            let value = try await body(fleet)
            await fleet.end()
            return value
        } catch {
            await fleet.end()
            throw error
        }
    }

    private func start() throws {
        let process = try UpstreamProcess(words, in: folder)
        members.withLock { $0.append(process) }
    }

    private func running() async throws {
        for member in members.withLock({ $0 }) {
            for _ in 0..<2000 where !member.lines.contains("running") { try await Task.sleep(for: .milliseconds(10)) }
        }
    }

    private func end() async {
        for member in members.withLock({ $0 }) { await member.kill() }
        server.close()
    }

    /// Lets it run, and starts a new process for each that was killed.
    func keepUp(for time: Duration) async throws {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {
            let dead = members.withLock { members in
                let dead = members.filter { $0.child.status != nil }
                members.removeAll { $0.child.status != nil }
                return dead
            }
            ended.withLock { $0 += dead }
            for _ in dead { try start() }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// A process of it.
    var first: UpstreamProcess? { members.withLock { $0.first } }

    /// The newest token is not accepted any more.
    func rejectNewest() { if let token = server.issues.last?.token { server.reject(token) } }

    /// What no process may ever have seen, in its own words.
    var violations: [String] { (members.withLock { $0 } + ended.withLock { $0 }).flatMap(\.violations) }

    /// Requests that came although there was a token that everybody could have had: one per lifetime is all that is needed.
    ///
    /// Managers ask at 70 to 80 % of a lifetime. Requests whose process was killed before it can have told the others do not count.
    func needless(since: ContinuousClock.Instant? = nil, besides rejections: [ContinuousClock.Instant] = []) -> [Duration] {
        let issues = server.issues.filter { !$0.isCut && $0.at >= since ?? $0.at }
        return zip(issues, issues.dropFirst()).compactMap { one, next in
            let gap = next.at - one.at
            let isRejected = rejections.contains { one.at <= $0 && $0 <= next.at }
            return gap < plan.lifetime * 0.6 && !isRejected ? gap : nil
        }
    }
}
