import NIOHTTP1
import TestSupport
import Testing
import ValkeyServer

/// Clients at work among several instances while something goes wrong, and the judgement of all they saw.
///
/// Nothing is read from the instances' insides: what was acknowledged to a client is asked after, at every instance, when all is well again.
struct FaultRun {
    /// How long an instance that hears of no revocations may go on: short, so that a proof can wait until it is over.
    static let staleness = Duration.seconds(3)
    /// What instances are told, so that it is so.
    static let settings = ["auth.max_staleness": "3s"]
    /// Every one acknowledged by a replica.
    static let replicated = settings.merging(["store.acknowledge": "replicated", "store.replicas": "1"]) { $1 }

    let instances: Instances
    let recorder = Recorder()
    private let seed = UInt64.random(in: 0 ... .max)
    private let clients: [Traffic]
    private let staleness: Duration

    /// - Parameters:
    ///   - firstUser: one of an own range for each run on a store: two clients share a user.
    ///   - staleness: `auth.max_staleness` of the instances.
    init(_ instances: Instances, clients count: Int = 12, firstUser: Int64 = 0, staleness: Duration = staleness) {
        self.instances = instances
        self.staleness = staleness
        clients = (0..<count).map { [seed] in Traffic(user: firstUser + Int64($0 / 2), seed: seed &+ UInt64($0)) }
    }

    /// Lets every client work while `body` does its mischief and undoes it; then all must get well by itself and nothing acknowledged be lost.
    @discardableResult
    func run(_ body: (FaultRun) async throws -> Void) async throws -> [Operation] {
        let history = try await recorded(body)
        let violations = violations(in: history)
        #expect(violations.isEmpty, "seed \(seed): \(violations.prefix(3))")
        #expect(history.count { $0.grantedToken != nil } > 30, "too little was done to prove anything")
        // A token ahead of its row would hide a lost rotation from its client, who is served all the same; the event tells.
        for member in instances.members { #expect(!member.folder.text(member.folder.events).contains("store_rollback_detected")) }
        return history
    }

    /// The same without the judgement.
    func recorded(_ body: (FaultRun) async throws -> Void) async throws -> [Operation] {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in clients {
                let services = services()
                group.addTask { await client.run(among: services) }
            }
            do { try await body(self) } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
        }
        try await recovered()
        // What an instance may say of an access token is bound by time alone.
        try await Task.sleep(for: staleness)
        for client in clients { await client.verify(services()) }
        return recorder.history
    }

    func violations(in history: [Operation]) -> Set<Violation> {
        HistoryChecker(grace: .seconds(30), slack: .seconds(1), staleness: staleness).violations(in: history)
    }

    /// Waits until so many more requests were answered with a yes.
    func progress(_ count: Int) async throws {
        let wanted = recorder.acknowledged + count
        try await eventually("\(count) answers; \(wanted - recorder.acknowledged) are missing") { recorder.acknowledged >= wanted ? true : nil }
    }

    /// Waits until every instance can issue and knows of every revocation, which it must come to by itself.
    func recovered() async throws {
        for member in instances.members {
            try await eventually("instance \(member.number); its log ends with \(member.folder.text(member.folder.log).suffix(500))") {
                let reply = try? await member.administer(.GET, "/readyz?for=issue")
                return reply?.status == 200 ? true : nil
            }
        }
    }

    /// One connection to each instance.
    private func services() -> [RecordedService<InstanceService>] {
        instances.services(instances.members.count).map { RecordedService(service: $0, recorder: recorder) }
    }
}
