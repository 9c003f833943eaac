import Foundation
import NIOHTTP1
import Synchronization
import TestSupport
import Testing
import ValkeyServer

/// One token, and many who wait for it at some instances; a third of them goes away while the others are served.
final class PoolQueueRun: Sendable {
    /// An assignment whose answer nobody read ends after that.
    static let lifetime = Duration.seconds(2)

    private let instances: Instances
    private let name: String
    private let count: Int
    /// What each asks for, and whether it asks again when that was over.
    private let patience: String
    private let comesBack: Bool
    private let seed = UInt64.random(in: 0 ... .max)
    /// Guards what is known of each for one look or one change.
    private let turns = Mutex<[PoolTurn]>([])
    private let connections = Mutex<[Int: HTTPConnection]>([:])

    init(_ instances: Instances, name: String, waiters count: Int, patience: String = "60s", comesBack: Bool = true) {
        self.instances = instances
        self.name = name
        self.count = count
        self.patience = patience
        self.comesBack = comesBack
    }

    /// What happened.
    struct Outcome: Sendable {
        let turns: [PoolTurn]
        let violations: Set<PoolQueueViolation>
        /// From the begin of giving back until the next one had it, where both are known.
        let handOvers: [Duration]
        /// How many assignments lapsed: their callers went while the answer was on its way.
        let lapses: Int
        let seed: UInt64

        var served: Int { turns.count { $0.lease != nil } }
        var gone: Int { turns.count { $0.isGone } }
    }

    /// - Parameter together: how many ask at once: of those the order is not known.
    func run(together: Int) async throws -> Outcome {
        let service = InstanceService(instances[0])
        let policy = #"{"lifetime": \#(Self.lifetime.components.seconds), "unblock_lifetime": 0}"#
        let made = try await service.send(.PUT, path, body: policy)
        try #require(made.status == 201, "\(made.text)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            while turns.withLock({ $0.count }) < count {
                let numbers = try await beginWave(min(together, count - turns.withLock { $0.count }))
                for number in numbers { group.addTask { try await self.wait(number) } }
                try await lined(up: numbers, service)
            }
            // Only now is there something to wait for.
            let generated = try await service.send(.POST, path + "/generate", body: #"{"count": 1}"#)
            try #require(generated.status == 200, "\(generated.text)")
            group.addTask { try await self.letAThirdGo() }
            try await group.waitForAll()
        }
        try await theTokenIsThere(service)
        return try await outcome()
    }

    private func change(_ number: Int, _ body: (inout PoolTurn) -> Void) { turns.withLock { body(&$0[number]) } }
    private var path: String { "/pools/\(name)" }

    private func beginWave(_ size: Int) async throws -> Range<Int> {
        let first = turns.withLock { $0.count }
        for number in first..<first + size {
            let connection = try await HTTPConnection.open(port: try instances[number].server().port)
            connections.withLock { $0[number] = connection }
            turns.withLock { $0.append(PoolTurn(number: number, asked: .now())) }
        }
        return first..<first + size
    }

    /// Waits until everybody who has asked is seen in line.
    private func lined(up numbers: Range<Int>, _ service: InstanceService) async throws {
        try await eventually("\(numbers.upperBound) in line") { try await self.stats(service).waiting == numbers.upperBound ? true : nil }
        let now = Moment.now()
        for number in numbers { change(number) { $0.placed = now } }
    }

    private struct Stats: Decodable {
        let free, assigned, waiting: Int
    }

    private func stats(_ service: InstanceService) async throws -> Stats {
        let reply = try await service.send(.GET, path + "/stats")
        return try JSONDecoder().decode(Stats.self, from: Data(reply.body))
    }

    /// Waits for the token on a connection of its own, and gives it back where neither it nor who asked next waits.
    private func wait(_ number: Int) async throws {
        struct Assigned: Decodable {
            let token: String
            let lease: Int64
        }
        guard let connection = connections.withLock({ $0[number] }) else { return }
        while true {
            guard let reply = try? await connection.send(.POST, "\(path)/assign?wait=\(patience)") else {
                return change(number) { $0.isGone = true }
            }
            if reply.status == 200 {
                let had = Moment.now(), assigned = try JSONDecoder().decode(Assigned.self, from: Data(reply.body))
                change(number) { turn in
                    turn.had = had
                    turn.lease = assigned.lease
                }
                let began = Moment.now(), body = #"{"token": "\#(assigned.token)", "lease": \#(assigned.lease)}"#
                let back = try await giveBack(body, at: instances[number + 2])
                if back { change(number) { $0.gaveBack = began } }
                return await connection.close()
            }
            try #require(reply.status == 404, "\(reply.status) \(reply.text)")
            guard comesBack else { return await connection.close() }
            change(number) { turn in
                turn.asked = .now()
                turn.placed = nil
            }
        }
    }

    /// - Returns: whether it was still its to give.
    private func giveBack(_ body: String, at instance: Instance) async throws -> Bool {
        let connection = try await HTTPConnection.open(port: try instance.server().port)
        let reply = try await connection.send(.POST, path + "/unblock", body: body)
        await connection.close()
        try #require([200, 404, 409].contains(reply.status), "\(reply.status) \(reply.text)")
        return reply.status == 200
    }

    /// Each of the third leaves at some moment before its turn, some just before it.
    private func letAThirdGo() async throws {
        var random = SplitMix(seed: seed)
        // One of each three, at each instance in turn.
        let third = (0..<count).filter { $0 % 3 == $0 / 3 % 3 }
        var leaving = third.map { (number: $0, when: Int.random(in: 0...$0 * 2 / 3, using: &random)) }
        leaving.sort { $0.when < $1.when }
        for (number, when) in leaving {
            while turns.withLock({ $0.count { $0.lease != nil } }) < when, !everybodyIsDone { try await Task.sleep(for: .milliseconds(1)) }
            let isServed = turns.withLock { $0[number].lease != nil }
            if !isServed { await connections.withLock { $0[number] }?.close() }
        }
    }

    private var everybodyIsDone: Bool { turns.withLock { $0.allSatisfy { $0.lease != nil || $0.isGone || !comesBack } } }

    /// Nobody waits, nobody holds, and the one token is free.
    private func theTokenIsThere(_ service: InstanceService) async throws {
        try await eventually("the token to be free") {
            let stats = try await self.stats(service)
            return stats.free == 1 && stats.assigned == 0 && stats.waiting == 0 ? true : nil
        }
    }

    private func outcome() async throws -> Outcome {
        let turns = turns.withLock { $0 }
        let inTurn = turns.filter { $0.lease != nil }.sorted { ($0.lease ?? 0) < ($1.lease ?? 0) }
        let handOvers = zip(inTurn, inTurn.dropFirst()).compactMap { one, next -> Duration? in
            guard let gaveBack = one.gaveBack, let had = next.had else { return nil }
            return had - gaveBack
        }
        var lapses = 0
        for member in instances.members { lapses += try await self.lapses(at: member) }
        return Outcome(
            turns: turns, violations: PoolQueueChecker.violations(in: turns), handOvers: handOvers.sorted(), lapses: lapses, seed: seed)
    }

    private func lapses(at instance: Instance) async throws -> Int {
        let lines = try await instance.administer(.GET, "/metrics").text.split(separator: "\n")
        let line = lines.first { $0.hasPrefix("mintmark_pool_events_total") && $0.contains(#""\#(name)""#) && $0.contains(#""expired""#) }
        return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } ?? 0
    }
}
