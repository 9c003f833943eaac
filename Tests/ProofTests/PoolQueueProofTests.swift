import Foundation
import NIOHTTP1
import TestSupport
import Testing
import ValkeyServer

extension SharedProofs {
    /// Whoever waits for a token, at whichever instance, is served in order and at once.
    @Suite struct PoolQueueProofTests {
        /// In `make test` each takes its place alone, so the whole order is judged; a thousand ask eight at a time.
        @Test func waitersAtThreeInstancesAreServedInTheirOrder() async throws {
            let (size, together) = Soak.Wishes.current.isOn ? (1_000, 8) : (90, 1)
            try await Soak("pool-queue", small: 1, large: 10, portion: 1).run { runs in
                try await SharedPlace.use(.single) { place in
                    try await Instances.use(3, on: place) { instances in
                        for number in 0..<runs {
                            let began = ContinuousClock.now
                            let outcome = try await PoolQueueRun(instances, name: "queue-\(number)", waiters: size).run(together: together)
                            #expect(outcome.violations.isEmpty, "seed \(outcome.seed): \(outcome.violations.prefix(3))")
                            #expect(outcome.gone > 0 && outcome.served + outcome.gone == size)
                            // Whoever goes in the moment in which the answer is sent takes an assignment along until it lapses; nobody else does.
                            #expect(outcome.lapses <= 2 + outcome.gone / 20, "seed \(outcome.seed): \(outcome.lapses)")
                            let half = try #require(outcome.handOvers.dropFirst(outcome.handOvers.count / 2).first)
                            let all = (ContinuousClock.now - began) / .seconds(1)
                            print(
                                "pool queue: \(outcome.served) served, \(outcome.gone) gone, \(outcome.lapses) lapsed, \(Int(all)) s in all;",
                                "from hand to hand p50 \(half), longest \(outcome.handOvers.last ?? .zero)")
                        }
                    }
                }
            }
        }

        /// The script gives the token to whoever asks.
        @Test func aPoolThatServesWhoeverAsksIsCaught() async throws {
            let forgery = StoreProxy.Forgery("local turn = phase == 0 and (not first or", "local turn = phase == 0 and (1 ~= 2    or")
            try await SharedPlace.use(.single) { place in
                try await Instances.use(3, on: place, proxied: true, forgeries: [forgery]) { instances in
                    // Who is quicker than the one whose turn it is, is a matter of chance: more than one run may be needed.
                    var isCaught = false
                    for number in 0..<3 where !isCaught {
                        let run = PoolQueueRun(instances, name: "queue-\(number)", waiters: 60, patience: "20s", comesBack: false)
                        isCaught = try await run.run(together: 1).violations.contains { if case .overtaken = $0 { true } else { false } }
                    }
                    #expect(isCaught)
                }
            }
        }

        /// The look of every second would need half a second on average.
        @Test(arguments: SharedPlace.Shape.allCases)
        func aTokenGivenBackAtOneInstanceReachesTheFirstAtAnotherAtOnce(_ shape: SharedPlace.Shape) async throws {
            try await Soak("pool-bell-\(shape.rawValue)", small: 20, large: 2_000, portion: 500).run { count in
                try await SharedPlace.use(shape) { place in
                    try await Instances.use(3, on: place) { instances in
                        var means: [Duration] = []
                        for attempt in 0..<3 where means.allSatisfy({ $0 >= .milliseconds(250) }) {
                            let delays = try await handOvers(count, in: "bell-\(attempt)", instances)
                            means.append(delays.reduce(.zero, +) / delays.count)
                            print(
                                "pool bell, \(shape.rawValue): \(count) hand-overs, p50 \(delays[count / 2]), p99 \(delays[count * 99 / 100]),",
                                "longest \(delays[count - 1])")
                        }
                        #expect(means.contains { $0 < .milliseconds(250) }, "\(means)")
                    }
                }
            }
        }

        private struct Assigned: Decodable {
            let token: String
            let lease: Int64
        }

        private struct Stats: Decodable {
            let waiting: Int
        }

        /// From the request that gives a token back at one instance to the answer for who waits at the next one, the shortest first.
        private func handOvers(_ count: Int, in pool: String, _ instances: Instances) async throws -> [Duration] {
            let path = "/pools/\(pool)"
            let services = instances.services(3), others = instances.services(3)
            _ = try await services[0].send(.PUT, path, body: #"{"lifetime": 60, "unblock_lifetime": 0}"#)
            _ = try await services[0].send(.POST, path + "/generate", body: #"{"count": 1}"#)
            var delays: [Duration] = []
            var held = try await take(path, services[0]).assigned
            for round in 0..<count {
                async let next = take(path, services[(round + 1) % 3])
                try await eventually("one in line") {
                    let reply = try await others[round % 3].send(.GET, path + "/stats")
                    return try JSONDecoder().decode(Stats.self, from: Data(reply.body)).waiting == 1 ? true : nil
                }
                let began = Moment.now()
                let body = #"{"token": "\#(held.token)", "lease": \#(held.lease)}"#
                let back = try await others[round % 3].send(.POST, path + "/unblock", body: body)
                try #require(back.status == 200, "\(back.text)")
                let (assigned, at) = try await next
                held = assigned
                delays.append(at - began)
            }
            return delays.sorted()
        }

        private func take(_ path: String, _ service: InstanceService) async throws -> (assigned: Assigned, at: Moment) {
            let reply = try await service.send(.POST, path + "/assign?wait=30s")
            let had = Moment.now()
            try #require(reply.status == 200, "\(reply.text)")
            return (try JSONDecoder().decode(Assigned.self, from: Data(reply.body)), had)
        }
    }
}
