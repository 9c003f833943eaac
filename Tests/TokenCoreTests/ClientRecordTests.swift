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

extension ClientRecordTests {
    private func stored(_ client: ClientRecord) -> StoredRecord? {
        guard case .put(let stored, _) = Write.put(client, over: .absent) else { return nil }
        return stored
    }

    /// One that was written before there were scopes is read as one without, and one without is still written so that an older instance reads it.
    @Test func aClientWithoutAScopeHasTheFirstForm() throws {
        let id = try #require(ClientID("mmc_1"))
        let plain = try #require(ClientRecord(id: id, name: "reports", secret: [1], createdAt: UnixTime(seconds: 7)))
        let record = try #require(stored(plain))
        #expect(record.body.first == 1)
        #expect(try ClientRecord(stored: record).scope == nil)
    }

    @Test func aScopeIsReadBackAndAnInstanceThatKnowsNoneRefusesIt() throws {
        let id = try #require(ClientID("mmc_1"))
        let limited = try #require(ClientRecord(id: id, name: "ci", secret: [1], createdAt: UnixTime(seconds: 7), scope: "pool:ci:use"))
        let record = try #require(stored(limited))
        #expect(record.body.first == 2, "what knows form 1 alone would read it as one that may do everything")
        #expect(try ClientRecord(stored: record) == limited)
        var cut = record
        cut.body.removeLast()
        #expect(throws: StoreError.self) { try ClientRecord(stored: cut) }
        let long = String(repeating: "x", count: ClientRecord.longestScope + 1)
        #expect(ClientRecord(id: id, name: "ci", secret: [1], createdAt: UnixTime(seconds: 7), scope: long) == nil)
    }
}
