import Foundation
import NIOHTTP1
import Testing
import ValkeyServer

extension SharedProofs {
    /// The store's clock is the one of all instances, whatever the machines are set to.
    @Suite struct OneClockProofTests {
        @Test func halfAMinuteOfSkewChangesNothing() async throws {
            let skewed = try Tool.skewed.path(), skews = ["0", "30", "-30"]
            try await SharedPlace.use(.single) { place in
                try await Instances.use(3, on: place, ["auth.leeway": "1s", "keys.publish_ahead": "0s"], through: { [skewed, skews[$0]] }) {
                    instances in
                    for (member, skew) in zip(instances.members, [0.0, 30, -30]) {
                        let ahead = try #require(await member.metric("mintmark_store_clock_offset_seconds"))
                        #expect(abs(ahead + skew) < 1, "the machine of instance \(member.number) is not set to what this is about")
                    }
                    try await sameTimes(instances)
                    let scenarios = SessionScenarios(instances)
                    try await scenarios.lifeOfASession(user: 10)
                    try await scenarios.logoutOfAll(user: 20)
                    try await scenarios.retryInsideTheGraceWindow(user: 30)
                    try await scenarios.reuse(user: 40)
                    try await scenarios.keys(user: 50)
                }
            }
        }

        /// A replica that takes over with a clock that is five seconds behind: time goes on, and every revocation of before and after is enforced.
        @Test func aPromotedReplicaWithASlowClockTurnsNothingBack() async throws {
            try await SharedPlace.usePair(replicaThrough: [try Tool.skewed.path(), "-5"]) { place in
                try await Instances.use(3, on: place, FaultRun.settings, proxied: true) { instances in
                    let replica = place.servers[1], services = instances.services(3)
                    #expect(try abs(time(of: replica) - time(of: place.primary) + 5) < 1, "the replica's clock is not what this is about")
                    let ended = try #require(await services[0].login(1).value), alive = try #require(await services[0].login(1).value)
                    #expect(await services[1].logout(ended.access).value != nil)
                    try await isRefused(ended, by: services)
                    let before = try times(of: try #require(await services[2].login(2).value))
                    try await place.primary.reaches(replica)
                    try replica.ask("REPLICAOF NO ONE")
                    place.primary.kill()
                    for member in instances.members { member.proxy?.lead(to: replica.port) }
                    try await FaultRun(instances).recovered()

                    let after = try times(of: try #require(await services[2].login(2).value))
                    #expect(after.issued >= before.issued, "time went back")
                    try await sameTimes(instances)
                    for service in services {
                        #expect(await service.authenticate(ended.access).isRefused)
                        #expect(await service.refresh(ended.refresh).isRefused)
                        #expect(await service.authenticate(alive.access).value != nil)
                    }
                    #expect(await services[0].logoutAll(alive.access).value != nil)
                    try await isRefused(alive, by: services)
                    #expect(await services[1].refresh(alive.refresh).isRefused)
                    let next = try #require(await services[1].login(1).value)
                    for service in services { #expect(await service.authenticate(next.access).value != nil) }
                }
            }
        }

        /// A replica takes over whose clock is a minute and a half ahead, or behind: the holder of a pool's token keeps it, and leases go on rising.
        @Test(arguments: [90, -90]) func aPromotedReplicaEndsNoLeaseEarlyAndNoneLate(_ skew: Int) async throws {
            try await SharedPlace.usePair(replicaThrough: [try Tool.skewed.path(), "\(skew)"]) { place in
                try await Instances.use(2, on: place, FaultRun.settings, proxied: true) { instances in
                    let replica = place.servers[1], pool = instances.services(2).map { InstancePool(service: $0, name: "clocks") }
                    #expect(try abs(time(of: replica) - time(of: place.primary) - Double(skew)) < 1, "the replica's clock is not what this is about")
                    let made = try await pool[0].service.send(.PUT, "/pools/clocks", body: #"{"lifetime": 60, "unblock_lifetime": 0}"#)
                    #expect(made.status == 201)
                    #expect(try await pool[0].service.send(.POST, "/pools/clocks/generate", body: #"{"count": 1}"#).status == 200)
                    guard case .assigned(let hold) = await pool[0].perform(.assign) else { return #expect(Bool(false), "none was free") }
                    try await place.primary.reaches(replica)
                    try replica.ask("REPLICAOF NO ONE")
                    place.primary.kill()
                    for member in instances.members { member.proxy?.lead(to: replica.port) }
                    try await eventually("the pool at the new primary") { await pool[1].perform(.assign) == .refused ? true : nil }
                    #expect(await pool[1].perform(.keepAlive(hold)) == .done, "a lease of a minute is over")
                    let left = try await pool[0].service.send(.POST, "/pools/clocks/keep-alive", body: pool[0].body(hold))
                    #expect(left.text.contains(#""expires_in":60"#), "\(left.text)")
                    #expect(await pool[0].perform(.unblock(hold)) == .done)
                    guard case .assigned(let next) = await pool[1].perform(.assign) else { return #expect(Bool(false), "it is not free again") }
                    #expect(next.lease > hold.lease)
                }
            }
        }

        /// What each instance writes into a token at this moment.
        private func sameTimes(_ instances: Instances) async throws {
            var all: [(issued: Int, expires: Int)] = []
            let began = ContinuousClock.now
            for member in instances.members { all.append(try times(of: try #require(await InstanceService(member).login(99).value))) }
            let most = 1 + Int((ContinuousClock.now - began) / .seconds(1))
            for times in all {
                #expect(abs(times.issued - all[0].issued) <= most && abs(times.expires - all[0].expires) <= most, "\(all)")
            }
        }

        private func times(of pair: Pair) throws -> (issued: Int, expires: Int) {
            struct Claims: Decodable { let iat, exp: Int }
            let claims = try JSONDecoder().decode(Claims.self, from: try pair.part(1))
            return (claims.iat, claims.exp)
        }

        private func time(of server: ValkeyServer) throws -> Double {
            try Double(server.ask("TIME").split(whereSeparator: \.isNewline).first { $0.allSatisfy(\.isNumber) } ?? "0") ?? 0
        }

        private func isRefused(_ pair: Pair, by services: [InstanceService]) async throws {
            for service in services {
                try await eventually("instance \(service.instance.number) to refuse") {
                    await service.authenticate(pair.access).isRefused ? true : nil
                }
            }
        }
    }
}
