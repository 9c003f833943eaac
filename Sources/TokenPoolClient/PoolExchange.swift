import AsyncHTTPClient
import JOSE
import NIOCore
import NIOHTTP1
import TokenCore

/// One request and its answer.
struct PoolExchange: Sendable {
    let url: String
    let credential: TokenPoolClient.Credential
    let http: HTTPClient

    /// The longest answer that is read: a hundred tokens of the longest kind with their metadata.
    static let largestAnswer = 2 << 20

    init(url: String, credential: TokenPoolClient.Credential, http: HTTPClient) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.credential = credential
        self.http = http
    }

    /// Sends a verb of a pool with an object of members.
    func post(
        _ pool: PoolName, _ verb: String, timeout: Duration, query: String = "", _ members: (inout JSONWriter) -> Void
    ) async throws -> PoolAnswer {
        var json = JSONWriter()
        json.object { members(&$0) }
        var request = HTTPClientRequest(url: "\(url)/pools/\(pool)/\(verb)\(query)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(json.bytes)
        switch credential {
        case .none: break
        case .client(let id, let secret): request.setBasicAuth(username: id, password: secret)
        case .accessToken(let token): request.headers.add(name: "Authorization", value: "Bearer " + (try await token()))
        }
        return try await send(request, until: .now() + TimeAmount(timeout))
    }

    private func send(_ request: HTTPClientRequest, until deadline: NIODeadline) async throws -> PoolAnswer {
        do {
            let response = try await http.execute(request, deadline: deadline)
            let body = try await response.body.collect(upTo: Self.largestAnswer)
            return PoolAnswer(
                status: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After").flatMap { Int64($0) },
                body: (try? JSONValue(parsing: [UInt8](buffer: body)))?.object)
        } catch let error as CancellationError {
            throw error
        } catch {
            try Task.checkCancellation()
            throw PoolClientError.unreachable("\(error)")
        }
    }
}

/// What the server said.
struct PoolAnswer: Sendable {
    let status: Int
    let retryAfter: Duration?
    let body: JSONObject
    /// `error` of a refusal.
    var error: String { body["error"]?.string ?? "" }

    init(status: Int, retryAfter: Int64?, body: JSONObject?) {
        self.status = status
        self.retryAfter = retryAfter.map { .seconds($0) }
        self.body = body ?? JSONObject()
    }

    /// Nothing but a 200 passes.
    func check() throws {
        guard status != 200 else { return }
        throw PoolClientError.refused(status: status, error: error, description: body["error_description"]?.string ?? "")
    }

    /// As `check`; of a token that is not there, or not the caller's any more, the lease is lost.
    func checkHeld() throws {
        if status == 404 || status == 409 { throw PoolClientError.leaseLost }
        try check()
    }

    /// The tokens of an assignment: one as the object itself, several as its `tokens`.
    func assigned(pool: PoolName, sentAt: ContinuousClock.Instant) throws -> [AssignedPoolToken] {
        try check()
        let objects = body["tokens"]?.array.map { $0.compactMap(\.object) } ?? [body]
        return try objects.map { object in
            guard let value = object["token"]?.string, let lease = object["lease"]?.integer, let seconds = object["expires_in"]?.integer else {
                throw PoolClientError.notUnderstood("a token without value, lease or expires_in")
            }
            return AssignedPoolToken(
                pool: pool, value: value, lease: LeaseNumber(lease),
                metadata: object["metadata"].map { String(decoding: $0.serialized, as: UTF8.self) }, expiresAt: sentAt + .seconds(seconds))
        }
    }
}
