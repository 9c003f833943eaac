import Foundation
import NIOHTTP1
import Testing
import ValkeyServer

extension SharedProofs {
    /// A store that went back, or is not there any more: instances notice and say so, and none of them begins another in silence.
    @Suite struct LostStoreProofTests {
        @Test func aStoreThatCameBackEmptyIsRefused() async throws {
            try await SharedPlace.use(.single) { place in
                try await Instances.use(2, on: place, FaultRun.settings) { instances in
                    let services = instances.services(2)
                    let pair = try #require(await services[0].login(1).value)
                    place.primary.kill()
                    try await place.primary.start()
                    for (member, service) in zip(instances.members, services) {
                        try await eventually("instance \(member.number) to see it") {
                            let reply = try await service.send(.POST, "/login", body: #"{"user_id": 1}"#)
                            #expect(reply.status == 503 && reply.fields["Retry-After"].first != nil, "\(reply.text)")
                            return member.folder.text(member.folder.log).contains("the servers do not hold the store that was opened") ? true : nil
                        }
                        #expect(try await member.administer(.GET, "/readyz?for=issue").status == 503)
                        #expect(try await service.send(.POST, "/refresh", body: #"{"refresh": "\#(pair.refresh)"}"#).status == 503)
                        // Until it is stale it answers for what it knows; then it denies, because nobody can say what was revoked.
                        try await eventually("it to deny") {
                            try await service.send(.GET, "/authenticate", bearer: pair.access).status == 503 ? true : nil
                        }
                    }
                    #expect(try place.primary.ask("DBSIZE").hasPrefix(":0"), "nobody wrote anything into it")

                    // Only who starts an instance begins another store, which the log says; whoever knew the old one goes on refusing.
                    await instances[1].kill()
                    try await instances[1].start()
                    #expect(instances[1].folder.text(instances[1].folder.log).contains("the store was empty: it has been set up"))
                    let anew = InstanceService(instances[1])
                    #expect(await anew.login(1).value != nil)
                    #expect(await anew.refresh(pair.refresh).isRefused)
                    #expect(try await services[0].send(.POST, "/login", body: #"{"user_id": 1}"#).status == 503)
                }
            }
        }

        /// A part of a store is no store: what is left is not served, and what is missing is not made anew.
        @Test func aStoreOfWhichAPartIsMissingIsNotStarted() async throws {
            try await SharedPlace.use(.cluster) { place in
                try await Instances.use(2, on: place) { instances in
                    let pair = try #require(await InstanceService(instances[0]).login(1).value)
                    #expect(await InstanceService(instances[1]).refresh(pair.refresh).value != nil)
                    let facts = try #require(place.servers[..<3].first { try $0.ask("EXISTS {m}F").hasPrefix(":1") })
                    for server in place.servers[..<3] where server !== facts { try server.ask("FLUSHALL") }
                    await instances[1].kill()
                    let refusal = await #expect(throws: ServerProcess.DidNotStart.self) { try await instances[1].start() }
                    #expect(refusal?.status == 78 && refusal?.log.contains("do not hold the whole store") == true, "\(String(describing: refusal))")
                }
            }
        }

        /// In `memory` mode a failover may lose a rotation that was acknowledged: its client is served all the same, and it is told of.
        @Test func aTokenAheadOfItsRowMovesTheRowForwardAndIsToldOf() async throws {
            try await SharedPlace.usePair { place in
                try await Instances.use(2, on: place, FaultRun.settings, proxied: true) { instances in
                    let services = instances.services(2), replica = place.servers[1]
                    let first = try #require(await services[0].login(1).value)
                    let second = try #require(await services[1].refresh(first.refresh).value)
                    try await place.primary.reaches(replica)
                    try replica.ask("REPLICAOF NO ONE")
                    let third = try #require(await services[0].refresh(second.refresh).value)
                    let lost = try #require(await services[1].refresh(third.refresh).value)
                    place.primary.kill()
                    for member in instances.members { member.proxy?.lead(to: replica.port) }
                    try await FaultRun(instances).recovered()

                    let next = try #require(await services[1].refresh(lost.refresh).value)
                    #expect(next.session == first.session)
                    try await eventually("the event") {
                        instances.members.contains { $0.folder.text($0.folder.events).contains("store_rollback_detected") } ? true : nil
                    }
                    // Forward, never back: what came before it is reuse.
                    #expect(await services[0].refresh(next.refresh).value != nil)
                    #expect(await services[1].refresh(third.refresh).isRefused)
                    #expect(await services[0].refresh(next.refresh).isRefused)
                }
            }
        }
    }
}
