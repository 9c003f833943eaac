import Testing

@testable import TokenCore

struct ClientRecordTests {
    private func client(name: String = "reports") throws -> ClientRecord? {
        ClientRecord(id: try #require(ClientID("mmc_1")), name: name, secret: [1], createdAt: UnixTime(seconds: 7))
    }

    /// canon 19: two secrets live during rotation, never three.
    @Test func atMostTwoSecretsAreValid() throws {
        var client = try #require(try client())
        client.rotate(to: [2])
        #expect(client.secrets == [[1], [2]])
        client.rotate(to: [3])
        #expect(client.secrets == [[2], [3]])
        client.dropOldSecrets()
        #expect(client.secrets == [[3]])
    }

    @Test func namesHaveOneTo128Bytes() throws {
        #expect(try client(name: "") == nil)
        #expect(try client(name: String(repeating: "é", count: 64)) != nil)
        #expect(try client(name: String(repeating: "é", count: 65)) == nil)
    }

    @Test func aClientIsReadBackAsItWasWritten() throws {
        var client = try #require(try client())
        client.rotate(to: [2])
        guard case .put(let stored, _) = Write.put(client, over: .absent) else { return }
        #expect(try ClientRecord(stored: stored) == client)
        for count in 0..<stored.body.count {
            var cut = stored
            cut.body = Array(stored.body.prefix(count))
            #expect(throws: StoreError.self) { try ClientRecord(stored: cut) }
        }
    }
}
