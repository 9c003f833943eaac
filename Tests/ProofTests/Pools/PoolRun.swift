import Foundation
import NIOHTTP1
import Testing
import ValkeyServer

/// A pool of some instances, and the workers that use it.
struct PoolRun: Sendable {
    static let lifetime = Duration.seconds(1)
    static let rest = Duration.seconds(1)
    private static let workers = 64
    private static let tokens = 20

    let instances: Instances
    let name: String
    var parts = 1
    let recorder = PoolRecorder()
    private let seed = UInt64.random(in: 0 ... .max)

    /// Lets the workers work while `body` does its mischief and undoes it; then no token may be lost, and none may have been held twice.
    func run(_ body: (PoolRun) async throws -> Void) async throws {
        let known = try await make()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.workers {
                var worker = PoolWorker(lifetime: Self.lifetime, seed: seed &+ UInt64(number))
                let services = instances.services(instances.members.count).map { InstancePool(service: $0, name: name) }
                group.addTask { await worker.run(services, recorder) }
            }
            do { try await body(self) } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
        }
        let violations = PoolHistoryChecker(lifetime: Self.lifetime, rest: Self.rest, known: known, slack: .milliseconds(50), hasParts: parts > 1)
            .violations(in: recorder.history)
        #expect(violations.isEmpty, "seed \(seed): \(violations.prefix(3))")
        try await everyTokenIsThere(known)
    }

    /// Waits until so many more tokens were taken out.
    func progress(_ count: Int) async throws {
        let wanted = recorder.assigned + count
        try await eventually("\(count) assignments; \(wanted - recorder.assigned) are missing") { recorder.assigned >= wanted ? true : nil }
    }

    private struct Made: Decodable {
        let tokens: [String]
    }

    private func make() async throws -> Set<String> {
        let policy = #"{"lifetime": 1, "unblock_lifetime": 1, "parts": \#(parts)}"#
        let service = InstanceService(instances[0])
        let created = try await service.send(.PUT, "/pools/\(name)", body: policy)
        try #require(created.status == 201, "\(created.text)")
        let made = try await service.send(.POST, "/pools/\(name)/generate", body: #"{"count": \#(Self.tokens)}"#)
        return Set(try JSONDecoder().decode(Made.self, from: Data(made.body)).tokens)
    }

    private struct Token: Decodable { let token: String }
    private struct Batch: Decodable { let tokens: [Token] }

    /// When nobody holds any and all have rested, all can be taken out at once, and no other.
    private func everyTokenIsThere(_ known: Set<String>) async throws {
        guard parts == 1 else { return try await everyTokenCanBeHad(known) }
        let service = InstanceService(instances[0])
        let batch = try await eventually("all tokens of \(name) to be free") {
            let reply = try await service.send(.POST, "/pools/\(name)/assign", body: #"{"count": \#(Self.tokens)}"#)
            return reply.status == 200 ? try JSONDecoder().decode(Batch.self, from: Data(reply.body)) : nil
        }
        #expect(Set(batch.tokens.map(\.token)) == known)
        let more = try await service.send(.POST, "/pools/\(name)/assign")
        #expect(more.status == 404 && more.fields["Retry-After"].first != nil, "\(more.status) \(more.text)")
    }

    /// The same where a batch would have to come from one part: one by one, until each was had.
    private func everyTokenCanBeHad(_ known: Set<String>) async throws {
        struct Standing: Decodable { let tokens: Int }
        let service = InstanceService(instances[0])
        var taken: Set<String> = []
        let deadline = ContinuousClock.now + .seconds(30)
        while taken.count < known.count, ContinuousClock.now < deadline {
            let reply = try await service.send(.POST, "/pools/\(name)/assign", body: #"{"wait": "5s"}"#)
            if reply.status == 200 { taken.insert(try JSONDecoder().decode(Token.self, from: Data(reply.body)).token) }
        }
        #expect(taken == known)
        let standing = try await service.send(.GET, "/pools/\(name)")
        #expect(try JSONDecoder().decode(Standing.self, from: Data(standing.body)).tokens == Self.tokens)
    }
}

/// A pool of one instance over one connection.
struct InstancePool: PoolService {
    let service: InstanceService
    let name: String

    private struct Assigned: Decodable {
        let token: String
        let lease: Int64
    }

    func perform(_ action: PoolOperation.Action) async -> PoolOperation.Answer {
        do {
            let reply = try await send(action)
            switch (reply.status, action) {
            case (200, .assign):
                let assigned = try JSONDecoder().decode(Assigned.self, from: Data(reply.body))
                return .assigned(PoolHold(token: assigned.token, lease: assigned.lease))
            case (200, _): return .done
            case (404, _), (409, _): return .refused
            default: return .unknown
            }
        } catch {
            return .unknown
        }
    }

    private func send(_ action: PoolOperation.Action) async throws -> HTTPConnection.Response {
        switch action {
        case .assign: try await service.send(.POST, path("assign"))
        case .keepAlive(let hold): try await service.send(.POST, path("keep-alive"), body: body(hold))
        case .unblock(let hold): try await service.send(.POST, path("unblock"), body: body(hold))
        case .unblockWithoutLease(let token): try await service.send(.POST, path("unblock"), body: #"{"token": "\#(token)"}"#)
        }
    }

    private func path(_ verb: String) -> String { "/pools/\(name)/\(verb)" }
    /// What is said of a hold.
    func body(_ hold: PoolHold) -> String { #"{"token": "\#(hold.token)", "lease": \#(hold.lease)}"# }
}
