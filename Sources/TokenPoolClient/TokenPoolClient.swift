public import AsyncHTTPClient
import JOSE
public import TokenCore

/// Tokens of a pool that Mintmark keeps: taken out, kept alive while they are used, given back.
///
///     let pools = TokenPoolClient(url: "http://127.0.0.1:8080")
///     let answer = try await pools.withToken(pool: "licences", wait: .seconds(10)) { token in
///         try await render(scene, with: token.value)
///     }
///
/// A client may be used by any number of tasks at once.
public struct TokenPoolClient: Sendable {
    /// How the server knows who asks.
    public enum Credential: Sendable {
        /// Not at all: right on the server's own machine, unless `login.require` says otherwise.
        case none
        /// As a client of Mintmark (RFC 6749 section 2.3.1).
        case client(id: String, secret: String)
        /// By an access token with the scope `pool:NAME:use`; asked for before each request, so that it may be refreshed.
        case accessToken(@Sendable () async throws -> String)
    }

    /// How long one request may take, the time that it waits for a token apart.
    public var timeout: Duration = .seconds(5)
    /// How long before the end of an assignment the work on it is cancelled: what it needs to stop. At most a quarter of the lifetime is used.
    public var margin: Duration = .seconds(2)
    /// What this holder calls itself, for limits by holder and for events; nil leaves it to the server.
    public var holder: String?

    let exchange: PoolExchange

    /// A client of the server at `url`.
    ///
    /// - Parameters:
    ///   - url: `http://host:port` or `https://…`, without a path or with the one that a proxy puts before the server's own.
    ///   - http: the connections; the shared ones of the process by default.
    public init(url: String, credential: Credential = .none, http: HTTPClient = .shared) {
        exchange = PoolExchange(url: url, credential: credential, http: http)
    }

    /// Takes tokens out: all of them or none.
    ///
    /// They are the caller's until `expiresIn` after this was called, and nobody keeps them alive: `withToken` does.
    ///
    /// - Parameters:
    ///   - count: 1 ... 100.
    ///   - wait: how long to wait in the pool's queue for them, at most a minute; zero asks once.
    /// - Throws: `.noneFree`, `.refused`, `.unreachable`, `.notUnderstood`.
    public func assign(pool: PoolName = .usual, count: Int = 1, wait: Duration = .zero) async throws -> [AssignedPoolToken] {
        let sentAt = ContinuousClock.now
        let answer = try await exchange.post(
            pool, "assign", timeout: timeout + wait, query: wait > .zero ? "?wait=\(wait.wholeMilliseconds)ms" : ""
        ) { json in
            if count != 1 { json.member("count", Int64(count)) }
            if let holder { json.member("holder", holder) }
        }
        if answer.status == 404, answer.error == "none_free" { throw PoolClientError.noneFree(retryAfter: answer.retryAfter) }
        return try answer.assigned(pool: pool, sentAt: sentAt)
    }

    /// A sign of life of a token's holder.
    ///
    /// - Returns: until when it is the holder's, counted from when this was called.
    /// - Throws: `.leaseLost` when it is not the holder's any more; `.refused`, `.unreachable`, `.notUnderstood`.
    public func keepAlive(_ token: AssignedPoolToken) async throws -> ContinuousClock.Instant {
        let sentAt = ContinuousClock.now
        return sentAt + (try await keepAlive(token, timeout: timeout))
    }

    func keepAlive(_ token: AssignedPoolToken, timeout: Duration) async throws -> Duration {
        let answer = try await exchange.post(token.pool, "keep-alive", timeout: timeout, token.write)
        try answer.checkHeld()
        guard let seconds = answer.body["expires_in"]?.integer else { throw PoolClientError.notUnderstood("no expires_in") }
        return .seconds(seconds)
    }

    /// Gives a token back.
    ///
    /// - Throws: `.leaseLost` when it is not the holder's any more; `.refused`, `.unreachable`, `.notUnderstood`.
    public func unblock(_ token: AssignedPoolToken) async throws {
        try await exchange.post(token.pool, "unblock", timeout: timeout, token.write).checkHeld()
    }

    /// Tells how it went with a token. A failure gives it back, to rest for at least `retryAfter`; after as many in a row as the pool allows it is
    /// set aside.
    ///
    /// - Parameter outcome: `ok`, or what went wrong in few words, such as the status `429`.
    /// - Throws: `.leaseLost` when it is not the holder's any more; `.refused`, `.unreachable`, `.notUnderstood`.
    public func report(_ token: AssignedPoolToken, outcome: String, retryAfter: Duration? = nil) async throws {
        try await exchange.post(token.pool, "report", timeout: timeout) { json in
            token.write(&json)
            json.member("outcome", outcome)
            if let retryAfter { json.member("retry_after", retryAfter.components.seconds) }
        }.checkHeld()
    }
}
