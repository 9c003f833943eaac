import Foundation
import NIOHTTP1
import TestSupport
import Testing
import ValkeyServer

extension SharedProofs {
    /// Instances behind a real nginx with deploy/nginx.conf, found by the name of their service, under the load of deploy/k6/session.js.
    @Suite struct BalancerProofTests {
        /// One is killed, one is asked to end, one is added: callers notice nothing.
        @Test func noRequestFailsWhileInstancesComeAndGo() async throws {
            let isSoak = Soak.Wishes.current.isOn
            // A thousand users leave no processor of a small machine idle: then what is promised is waited for, auth.max_staleness.
            let size = isSoak ? LoadTest.Size(users: 1_000, seconds: 90, heard: 30) : LoadTest.Size(users: 50, seconds: 14)
            try await arrange { fleet, names, load, _ in
                let report = try await load.run(size) {
                    let pause = Duration.seconds(Double(size.seconds) / 7)
                    try await Task.sleep(for: pause)
                    await fleet.kill(1)
                    try await Task.sleep(for: pause)
                    try await fleet.start(1)
                    try await Task.sleep(for: pause)
                    #expect(await fleet.terminate(2) == 0)
                    try await fleet.start(2)
                    try await fleet.start(4)
                    names.resolve(to: [1, 2, 3, 4].map(Fleet.host))
                }
                #expect(report.failed == 0 && report.status == 0, "\(report)")
                #expect(report.requests > size.users * 8)
                for number in 1...4 {
                    #expect(try await fleet.logins(at: number) > 0, "instance \(number) got nothing")
                    #expect(try fleet.files(of: number) == [])
                }
                if isSoak { Soak.Wishes.current.report("soak: \(size.users) users behind nginx, instances come and go: \(report.requests) requests") }
            }
        }

        /// It issues nothing and soon validates nothing, and says so to the load balancer alone.
        @Test func noRequestFailsWhileAnInstanceHasLostTheStore() async throws {
            try await arrange { fleet, _, load, valkey in
                try await DataFolder.use { folder in
                    let line = try await Ports.free().server
                    try await Nginx.use(Nginx.line(from: line, to: valkey), port: line, in: folder) { cut in
                        await fleet.kill(2)
                        try await fleet.start(2, settings: ["store.url": "valkey://127.0.0.1:\(line)", "auth.max_staleness": "2s"])
                        let report = try await load.run(LoadTest.Size(users: 20, seconds: 10, heard: 3)) {
                            try await Task.sleep(for: .seconds(3))
                            #expect(try await fleet.logins(at: 2) > 0)
                            await cut()
                        }
                        #expect(report.failed == 0 && report.status == 0, "\(report)")
                    }
                }
            }
        }

        /// nginx is on this machine too, or in a network of `login.allow_from`. What keeps its callers from being believed is that it tells of
        /// itself, whatever they say.
        @Test func aLoginThroughNginxIsNotOneFromThisMachine() async throws {
            try await arrange { fleet, _, load, _ in
                await fleet.kill(1)
                try await fleet.start(1, settings: ["login.require": "loopback"])
                for number in 2...3 { await fleet.kill(number) }
                let login = #"{"user_id":1}"#
                let direct = try await HTTPConnection.open(host: Fleet.host(1), port: fleet.port).send(.POST, "/login", body: login)
                #expect(direct.status == 200)
                for claim in [("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1"), ("Connection", "X-Forwarded-For"), ("X", "")] {
                    let passedOn = try await HTTPConnection.open(port: load.port).send(.POST, "/login", fields: [claim], body: login)
                    #expect(passedOn.status == 403 && passedOn.text.contains("through a proxy"), "\(claim): \(passedOn.text)")
                }
            }
        }

        /// Who waits for a token is served in turn, who goes leaves the queue, a wait is ended by the instance, and an import has any length.
        @Test func aPoolBehindNginxIsThePoolItself() async throws {
            try await arrange { _, _, load, _ in
                let credential = ("Authorization", "Basic " + Data(load.client.utf8).base64EncodedString())
                func ask(
                    _ method: HTTPMethod, _ path: String, _ body: String? = nil, type: String = "application/json", on given: HTTPConnection? = nil
                )
                    async throws -> HTTPConnection.Response
                {
                    let connection = if let given { given } else { try await HTTPConnection.open(port: load.port) }
                    return try await connection.send(method, "/pools/ci" + path, fields: [credential, ("Content-Type", type)], body: body)
                }
                func waiting(_ count: Int) async throws {
                    try await eventually("\(count) in line") { try await ask(.GET, "/stats").text.contains(#""waiting":\#(count)"#) ? true : nil }
                }
                #expect(try await ask(.PUT, "", #"{"unblock_lifetime":0}"#).status == 201)
                let lines = (0..<60).map { "\"\(String(repeating: "t", count: 1_000))\($0)\"\n" }.joined()
                #expect(try await ask(.POST, "/import", lines, type: "application/x-ndjson").status == 200)
                #expect(try await ask(.POST, "/assign", #"{"count":60}"#).status == 200)
                #expect(try await ask(.POST, "/assign?wait=1s").status == 404)
                let gone = try await HTTPConnection.open(port: load.port)
                let left = Task { try await ask(.POST, "/assign?wait=60s", on: gone) }
                try await waiting(1)
                await gone.close()
                _ = await left.result
                try await waiting(0)
                async let served = ask(.POST, "/assign?wait=60s")
                try await waiting(1)
                #expect(try await ask(.POST, "/generate", #"{"count":1}"#).status == 200)
                #expect(try await served.status == 200)
            }
        }

        /// The load is worth something: it fails when all instances are gone.
        @Test func theLoadFailsWhenNobodyServes() async throws {
            try await arrange { fleet, _, load, _ in
                let report = try await load.run(LoadTest.Size(users: 2, seconds: 3)) {
                    for number in 1...3 { await fleet.kill(number) }
                }
                #expect(report.failed > 0 && report.status == 99, "\(report)")
            }
        }

        /// Three instances on one Valkey server, their name, and nginx in front of them.
        private func arrange(_ body: (Fleet, NameServer, LoadTest, _ valkey: Int) async throws -> Void) async throws {
            try await ValkeyServer.run(.valkey, ["--maxmemory-policy", "noeviction"]) { valkey in
                try await DataFolder.use { folder in
                    try await Fleet.use(folder, store: "valkey://127.0.0.1:\(valkey.port)") { fleet in
                        try await NameServer.use { names in
                            try await fleet.start(1, 2, 3)
                            names.resolve(to: [1, 2, 3].map(Fleet.host))
                            let port = try await Ports.free().server
                            let configuration = try Nginx.configuration(port: port, upstream: fleet.port, nameServer: names.port, in: folder)
                            try await Nginx.use(configuration, port: port, in: folder) { _ in
                                let load = LoadTest(folder: folder, port: port, client: try await fleet.client(by: 1))
                                try await body(fleet, names, load, valkey.port)
                            }
                        }
                    }
                }
            }
        }
    }
}
