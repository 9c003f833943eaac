import HTTPTypes
import Testing
import TokenCore

@testable import TokenHTTP

/// Canon 40: what a header says of the client's address is believed from configured proxies only, and hop by hop from the near end.
@Suite struct ClientAddressTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let peer: String
        var forwarded: [String] = []
        let shown: String
    }

    static let cases = [
        Case(testDescription: "no proxy", peer: "203.0.113.7", shown: "203.0.113.7"),
        Case(testDescription: "a client that claims another address", peer: "203.0.113.7", forwarded: ["127.0.0.1"], shown: "203.0.113.7"),
        Case(testDescription: "a proxy", peer: "10.0.0.1", forwarded: ["203.0.113.7"], shown: "203.0.113.7"),
        Case(testDescription: "two proxies", peer: "10.0.0.1", forwarded: ["203.0.113.7, 10.0.0.2"], shown: "203.0.113.7"),
        Case(testDescription: "two fields", peer: "10.0.0.1", forwarded: ["203.0.113.7", "10.0.0.2"], shown: "203.0.113.7"),
        Case(testDescription: "a client that invents hops", peer: "10.0.0.1", forwarded: ["192.0.2.1, 203.0.113.7"], shown: "203.0.113.7"),
        Case(testDescription: "a hop that is no address", peer: "10.0.0.1", forwarded: ["203.0.113.7, unknown"], shown: "10.0.0.1"),
        Case(testDescription: "a proxy that says nothing", peer: "10.0.0.1", shown: "10.0.0.1"),
        Case(testDescription: "proxies alone", peer: "10.0.0.1", forwarded: ["10.0.0.3, 10.0.0.2"], shown: "10.0.0.1"),
    ]

    @Test(arguments: cases) func theNearestHopThatIsNoProxyIsShown(_ call: Case) throws {
        var fields = HTTPFields()
        let name = try #require(HTTPField.Name("X-Forwarded-For"))
        for value in call.forwarded { fields.append(HTTPField(name: name, value: value)) }
        let trusted = [try AddressRange("10.0.0.0/8")]
        #expect(ClientAddress.of(IPAddress(call.peer), fields, trusted: trusted) == call.shown)
    }

    @Test func aSocketWithoutAddressIsUnknown() {
        #expect(ClientAddress.of(nil, [:], trusted: []) == "unknown")
    }
}
