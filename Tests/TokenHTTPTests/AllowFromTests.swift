import NIOCore
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// Logins over this machine's own address, which to the server is a peer like every other of the network.
@Suite struct AllowFromTests {
    /// The first address here that others could call.
    private func address() throws -> String {
        let found = try System.enumerateDevices().lazy.compactMap(\.address).first { address in
            guard case .v4 = address, let ip = address.ip else { return false }
            return !ip.isLoopback
        }
        return try #require(found?.ipAddress, "This machine has no IPv4 address besides loopback, so nothing can call /login from a network.")
    }

    private func login(_ host: String, _ fields: [String] = [], allowing ranges: [String]) async throws -> WireReply {
        let allowed = try ranges.map { try AddressRange($0) }
        return try await Harness.run(
            configure: {
                $0.address.host = "0.0.0.0"
                $0.login = .loopback(alsoFrom: allowed)
            },
            { server in
                let text = Harness.request("POST", "/login", fields, body: #"{"user_id":1}"#)
                return try await Wire.ask(server.ports.main, host: host, text.replacing("Host: localhost", with: "Host: mint.example"))
            })
    }

    @Test func aPeerOfAnAllowedNetworkLogsIn() async throws {
        let address = try address()
        let reply = try await login(address, allowing: ["10.255.255.0/24", "\(address)/32"])
        #expect(reply.status == 200 && reply.member("access") != nil)
    }

    @Test func aPeerOfAnotherNetworkDoesNot() async throws {
        let address = try address()
        for ranges in [[], ["10.255.255.0/24"]] {
            let reply = try await login(address, allowing: ranges)
            #expect(reply.status == 403 && reply.member("error") == "access_denied")
        }
    }

    @Test func aProxyOfAnAllowedNetworkDoesNot() async throws {
        let address = try address()
        let reply = try await login(address, ["X-Forwarded-For: 127.0.0.1"], allowing: ["\(address)/32"])
        #expect(reply.status == 403 && reply.member("error") == "access_denied")
    }
}
