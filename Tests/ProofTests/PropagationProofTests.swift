import Foundation
import NIOHTTP1
import TestSupport
import Testing
import ValkeyServer

extension SharedProofs {
    /// A revocation at one instance is enforced by the others: how soon, and after anything that may get between them.
    @Suite struct PropagationProofTests {
        @Test(arguments: SharedPlace.Shape.allCases) func aRevocationIsEverywhereAtOnce(_ shape: SharedPlace.Shape) async throws {
            try await Soak("propagation-\(shape.rawValue)", small: 200, large: 20_000, portion: 2_000).run { count in
                try await SharedPlace.use(shape) { place in
                    try await Instances.use(3, on: place) { instances in
                        var delays: [Duration] = []
                        let services = instances.services(3)
                        for round in 0..<count {
                            let turn = (0..<3).map { services[(round + $0) % 3] }
                            delays += try await delaysOfARevocation(
                                user: Int64(round), all: round.isMultiple(of: 4), at: turn[0], seenFrom: [turn[1], turn[2]])
                        }
                        delays.sort()
                        let (half, most) = (delays[delays.count / 2], delays[delays.count * 99 / 100])
                        print("propagation, \(shape.rawValue): \(count) revocations, p50 \(half), p99 \(most), longest \(delays[delays.count - 1])")
                        // The target on a quiet machine is a tenth of it.
                        #expect(most < .seconds(1))
                    }
                }
            }
        }

        @Test func afterADisconnectNothingIsMissedNotEvenInALogThatWasTrimmed() async throws {
            try await onOneServer(["auth.max_staleness": "2s"]) { place, instances in
                let near = InstanceService(instances[0]), far = InstanceService(instances[1]), proxy = try #require(instances[1].proxy)
                let sessions = try await logins(20, near), alive = try #require(await near.login(1).value)
                for pair in sessions { #expect(await far.authenticate(pair.access).value != nil) }
                let reloads = try await instances[1].metric("mintmark_revocation_log_reloads_total") ?? 0
                proxy.cut()
                for pair in sessions.prefix(5) { #expect(await near.logout(pair.access).value != nil) }
                // By hand, as commits do it once entries are outlived, which takes more than a minute.
                for log in try logs(place) { try place.primary.ask("XTRIM \(log) MAXLEN 0") }
                for pair in sessions.dropFirst(5) { #expect(await near.logout(pair.access).value != nil) }
                try await eventually("it to know that it knows nothing") { try await status(far, alive.access) == 503 ? true : nil }
                proxy.mend()
                try await eventually("it to catch up") {
                    for pair in sessions.dropFirst(5) {
                        #expect(await far.authenticate(pair.access).value == nil, "refused from the first answer on")
                    }
                    return await far.authenticate(alive.access).value != nil ? true : nil
                }
                for pair in sessions.dropFirst(5) { #expect(await far.authenticate(pair.access).isRefused) }
                #expect(try #require(await instances[1].metric("mintmark_revocation_log_reloads_total")) > reloads)
            }
        }

        @Test func aStaleInstanceDeniesAndWhatItRefusedOnceItRefusesForGood() async throws {
            try await onOneServer(["auth.max_staleness": "2s"]) { place, instances in
                let near = InstanceService(instances[0]), far = InstanceService(instances[1]), proxy = try #require(instances[1].proxy)
                let ended = try #require(await near.login(1).value), alive = try #require(await near.login(2).value)
                #expect(await near.logout(ended.access).value != nil)
                try await eventually("the revocation") { await far.authenticate(ended.access).isRefused ? true : nil }
                proxy.hold()
                try await eventually("it to be stale") {
                    #expect(await far.authenticate(ended.access).value == nil)
                    return try await status(far, alive.access) == 503 ? true : nil
                }
                let reply = try await far.send(.GET, "/authenticate", bearer: alive.access)
                #expect(reply.status == 503 && reply.fields["Retry-After"].first != nil)
                #expect(try await instances[1].administer(.GET, "/readyz").status == 503)
                #expect(await near.authenticate(alive.access).value != nil, "the others go on")
                proxy.mend()
                try await eventually("it to be back") {
                    #expect(await far.authenticate(ended.access).value == nil)
                    return try await status(far, alive.access) == 200 ? true : nil
                }
                #expect(await far.authenticate(ended.access).isRefused)
            }
        }

        @Test func whereItIsAllowedAStaleInstanceGoesOnWithWhatItKnows() async throws {
            try await onOneServer(["auth.max_staleness": "2s", "auth.when_stale": "allow"]) { place, instances in
                let near = InstanceService(instances[0]), far = InstanceService(instances[1]), proxy = try #require(instances[1].proxy)
                let known = try #require(await near.login(1).value), missed = try #require(await near.login(2).value)
                #expect(await near.logout(known.access).value != nil)
                try await eventually("the revocation") { await far.authenticate(known.access).isRefused ? true : nil }
                proxy.cut()
                #expect(await near.logout(missed.access).value != nil)
                try await eventually("it to be stale") {
                    try await (instances[1].metric("mintmark_revocation_lag_seconds") ?? 0) > 2.5 ? true : nil
                }
                #expect(await far.authenticate(missed.access).value != nil)
                #expect(await far.authenticate(known.access).isRefused)
                let ready = try await instances[1].administer(.GET, "/readyz")
                #expect(ready.status == 200 && ready.text.contains(#""degraded":"issuing""#), "\(ready.text)")
                #expect(try await instances[1].administer(.GET, "/readyz?for=issue").status == 503)
                #expect(try await far.send(.POST, "/login", body: #"{"user_id": 3}"#).status == 503)
                proxy.mend()
                try await eventually("it to catch up") { await far.authenticate(missed.access).isRefused ? true : nil }
                #expect(await far.authenticate(known.access).isRefused)
            }
        }

        /// From the answer to the order until each other instance refuses, while all of them are asked all the time.
        private func delaysOfARevocation(
            user: Int64, all: Bool, at instance: InstanceService, seenFrom others: [InstanceService]
        ) async throws -> [Duration] {
            let pair = try #require(await instance.login(user).value)
            for other in others { #expect(await other.authenticate(pair.access).value != nil) }
            let watched = others.map { other in Task { try await firstRefusal(pair, at: other) } }
            #expect(await (all ? instance.logoutAll(pair.access) : instance.logout(pair.access)).value != nil)
            let ended = Moment.now()
            var delays: [Duration] = []
            for watch in watched { delays.append(max(.zero, try await watch.value - ended)) }
            for other in others { #expect(await other.authenticate(pair.access).isRefused, "a refusal is for good") }
            return delays
        }

        private func firstRefusal(_ pair: Pair, at service: InstanceService) async throws -> Moment {
            let deadline = Moment.now() + .seconds(15)
            while await !service.authenticate(pair.access).isRefused { try #require(.now() < deadline) }
            return .now()
        }

        private func status(_ service: InstanceService, _ access: String) async throws -> Int {
            try await service.send(.GET, "/authenticate", bearer: access).status
        }

        private func logins(_ count: Int, _ service: InstanceService) async throws -> [Pair] {
            var pairs: [Pair] = []
            for _ in 0..<count { pairs.append(try #require(await service.login(1).value)) }
            return pairs
        }

        /// The names of the revocation logs.
        private func logs(_ place: SharedPlace) throws -> [Substring] {
            try place.primary.ask("KEYS {m*}R").split(whereSeparator: \.isNewline).filter { $0.hasPrefix("{m") }
        }

        private func onOneServer(_ settings: [String: String], _ body: (SharedPlace, Instances) async throws -> Void) async throws {
            try await SharedPlace.use(.single) { place in
                try await Instances.use(2, on: place, settings, proxied: true) { try await body(place, $0) }
            }
        }
    }
}
