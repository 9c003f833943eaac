import JOSE
public import TokenCore
import TokenSealing

/// A client just made: the only moment at which its secret is known.
public struct ClientCredentials: Sendable {
    /// Its `client_id`.
    public let id: ClientID
    /// Its name.
    public let name: String
    /// Its secret: 256 bits of chance as text.
    public let secret: Secret
    /// When it was made.
    public let createdAt: UnixTime
}

extension TokenEngine {
    /// How many clients there may be: enough for every service of a large company, and a list of them stays one page of memory.
    static let mostClients = 10_000
    /// How long after its client was looked up a login or refresh may still commit: twice what a request is given to arrive and wait.
    static let longestRequest = Duration.seconds(60)

    /// Makes a client that may authenticate.
    ///
    /// - Parameters:
    ///   - name: 1 ... 128 bytes, for people.
    ///   - scope: what it may do; nil for everything that clients can do.
    /// - Throws: `invalid_request` for another name, or a scope of more than 2,048 bytes; `conflict` when there are 10,000; `temporarily_unavailable`.
    public func createClient(name: String, scope: String? = nil) async throws(OAuthError) -> ClientCredentials {
        let secret = Secret(Array("mms_".utf8) + Base64URL.encode(SystemRandomness.bytes(32)))
        guard let id = ClientID("mmc_" + Base64URL.string(SystemRandomness.bytes(16))) else { throw OAuthError(.serverError, "No client was made.") }
        guard try await clients().count < Self.mostClients else { throw OAuthError(.conflict, "There are too many clients.") }
        return try await change { now throws(StoreError) in
            var batch = WriteBatch(partition: .control, now: now)
            guard let record = ClientRecord(id: id, name: name, secret: self.clientSecrets.hash(secret), createdAt: now, scope: scope)
            else {
                return Decision(.failure(OAuthError(.invalidRequest, "A client's name has 1 to 128 bytes, and its scope at most 2048.")), batch)
            }
            batch.writes.append(.put(record, over: .absent))
            batch.events.append(Event(.clientCreated, at: now, client: id.text))
            return Decision(.success(ClientCredentials(id: id, name: name, secret: secret, createdAt: now)), batch)
        } prepare: { made throws(OAuthError) in
            made
        }
    }

    /// Every client, by id.
    public func clients() async throws(OAuthError) -> [ClientRecord] {
        let now = clock.now()
        return try await reading { () throws(StoreError) in
            var query = RecordQuery(partition: .control, kind: .client, limit: 1000)
            var clients: [ClientRecord] = []
            while true {
                let page = try await self.store.find(query, now: now)
                for stored in page { clients.append(try ClientRecord(stored: stored)) }
                guard page.count == query.limit, let last = page.last else { return clients }
                query.after = last.key.id
            }
        }
    }

    /// Removes a client and ends every session that it began, also those of logins that are under way: ids of clients are never used again, so
    /// the entry covers whatever is born as long as a login that was allowed before may still commit.
    ///
    /// - Throws: `not_found` when there is none of that id.
    public func deleteClient(_ id: ClientID) async throws(OAuthError) {
        try await change { now throws(StoreError) -> Decision<Void> in
            var batch = WriteBatch(partition: .control, now: now)
            guard let read = try await self.store.load(ClientRecord.self, id: id, now: now) else {
                return Decision(.failure(OAuthError(.notFound, "There is no such client.")), batch)
            }
            batch.writes.append(.remove(read.record.key, expecting: read.version))
            let end = self.policy.lastAccessEnd(now: now) + Self.longestRequest
            batch.revocations.append(RevocationEntry(.client(id, upTo: .distantFuture), expiresAt: end))
            batch.events.append(Event(.clientDeleted, at: now, client: id.text))
            return Decision(.success(()), batch)
        } prepare: { _ throws(OAuthError) in
        }
    }

    /// Which client this is (RFC 6749 section 2.3.1).
    ///
    /// - Throws: `invalid_client`, after the same work, whether the id or the secret is wrong.
    public func authenticateClient(id: String, secret: [UInt8]) async throws(OAuthError) -> ClientRecord {
        let now = clock.now()
        let client = ClientID(id)
        let record = try await reading { () throws(StoreError) -> ClientRecord? in
            guard let client else { return nil }
            return try await self.store.load(ClientRecord.self, id: client, now: now)?.record
        }
        let stored = record?.secrets ?? [clientSecrets.hash(Secret([]))]
        let presented = Secret(secret)
        // Every stored hash is compared, so that the time says nothing about which one matched.
        let matches = stored.map { clientSecrets.matches(presented, stored: $0) }
        guard let record, matches.contains(true) else {
            throw OAuthError(.invalidClient, "Client authentication failed.")
        }
        return record
    }
}
