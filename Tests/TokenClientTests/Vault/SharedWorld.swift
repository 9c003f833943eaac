import Synchronization
import TestSupport
import TokenCore

@testable import TokenClient

/// An issuer that rotates and ends a grant on reuse, a vault whose time is in hand, and what nobody may ever see there.
///
/// Knows nothing of how a process decides. It is used by `SharedProcess`es, each with a `SharedSource` of its own.
final class SharedWorld: Sendable {
    /// What is known from outside.
    struct State: Sendable {
        var grant = UpstreamGrant()
        var version = Version.absent
        var now = UnixTime(seconds: 1_790_000_000)
        /// The number of the newest token, and of its refresh token.
        var newest = 0
        var isAlive = true
        var isDown = false
        /// Every call: who made it.
        var calls: [Int] = []
        /// Numbers of answers that a vault has had, read or not.
        var stored: Set<Int> = []
        var broken: [String] = []
    }

    static let lifetime = Duration.seconds(600)

    let isRotating: Bool
    let steps: SharedSteps
    /// Guarded for one event.
    let state = Mutex(State())

    init(isRotating: Bool, steps: SharedSteps) {
        self.isRotating = isRotating
        self.steps = steps
    }

    /// By the vault's clock; nobody waits.
    func pass(_ time: Duration) { state.withLock { $0.now = $0.now + time } }

    func note(_ finding: String) { state.withLock { $0.broken.append(finding) } }

    /// What came of a call and is nowhere but in the memory of whoever made it.
    var isCut: Bool { state.withLock { $0.newest > 0 && !$0.stored.contains($0.newest) } }

    var isAlive: Bool { state.withLock { $0.isAlive } }
    var calls: [Int] { state.withLock { $0.calls } }

    /// Findings so far.
    var broken: [String] { state.withLock { $0.broken } }

    // MARK: The issuer

    /// `ACCESS REFRESH`, or nil: `invalid_grant`.
    func call(by process: Int, with refreshToken: String) -> String? {
        state.withLock { state in
            state.calls.append(process)
            guard !isRotating || state.isAlive && refreshToken == "r\(state.newest)" else {
                state.isAlive = false
                return nil
            }
            state.newest += 1
            return "a\(state.newest) r\(state.newest)"
        }
    }

    // MARK: The vault

    /// A second passes with each look, so that nobody waits for ever.
    func load() -> VaultEntry {
        pass(.seconds(1))
        return state.withLock { VaultEntry($0.grant, version: $0.version, now: $0.now) }
    }

    func save(_ grant: UpstreamGrant, over version: Version) throws(StoreError) {
        let isWritten = state.withLock { state in
            guard state.version == version else { return false }
            if Self.number(grant.published?.token) < Self.number(state.grant.published?.token) {
                if grant.published != nil { state.broken.append("an older token took the place of a newer one") }
            }
            state.grant = grant
            state.version = version.next
            for secret in [grant.exchange?.answer?.bytes, grant.line?.token, grant.published?.token] { state.stored.insert(Self.number(secret)) }
            return true
        }
        if !isWritten { throw .conflict }
    }

    /// The number at the end of what a token or an answer consists of.
    static func number(_ secret: Secret?) -> Int {
        guard let secret else { return 0 }
        let digits = String(decoding: secret.bytes, as: UTF8.self).reversed().prefix { $0.isNumber }.reversed()
        return Int(String(digits)) ?? 0
    }
}

/// One process: its source, its vault, and the point at which it is stopped or killed.
final class SharedProcess: Sendable {
    let number: Int
    let world: SharedWorld
    /// Killed at this point, or stopped there until it is let go on; a point is before or after one thing it does outside of itself.
    private let point: Int
    private let isKilled: Bool
    private let passed = Mutex<[String]>([])
    private let task = Mutex<Task<Result<String, TokenSourceError>, Never>?>(nil)
    /// A fetch that is not done by then never will be.
    private static let mostPoints = 60
    /// Open when it has got there, or has come to its end without.
    let reached = Gate()
    let onward = Gate()

    init(_ number: Int, in world: SharedWorld, stoppedAt point: Int = .max, isKilled: Bool = false) {
        self.number = number
        self.world = world
        self.point = point
        self.isKilled = isKilled
    }

    /// The points so far, by name; the last is the end.
    var points: [String] { passed.withLock { $0 } }

    /// One fetch, as a manager begins it.
    func fetch(
        held: String? = nil, rejected: String? = nil, timeout: Duration = .seconds(60)
    ) async -> Result<String, TokenSourceError> {
        let source: any TokenSource = world.isRotating ? Rotating(process: self) : Plain(process: self)
        let shared = SharedSource(source, vault: Vault(process: self), longestFetch: .seconds(15), logger: nil, steps: world.steps)
        let secrets = [held, rejected].map { $0.map { Secret(Array($0.utf8)) } }
        let fetch = TokenFetch(name: "one", rejected: secrets[1], held: secrets[0], timeout: timeout)
        let task = Task { () async -> Result<String, TokenSourceError> in
            do throws(TokenSourceError) { return .success(try await shared.fetch(fetch).text) } catch { return .failure(error) }
        }
        self.task.withLock { $0 = task }
        let result = await task.value
        passed.withLock { $0.append("end") }
        reached.open()
        return result
    }

    private func pass(_ name: String) async {
        let count = passed.withLock { passed in
            passed.append(name)
            return passed.count
        }
        if count == Self.mostPoints {
            world.note("a process gets nowhere")
            task.withLock { $0?.cancel() }
        }
        guard count - 1 == point else { return }
        reached.open()
        // Whoever was killed does nothing any more, and nobody ever resumes it.
        if isKilled { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
        await onward.pass()
    }

    private struct Vault: TokenVault {
        let process: SharedProcess
        var description: String { "world" }

        func load(_ key: VaultKey) async throws(StoreError) -> VaultEntry {
            await process.pass("load")
            return process.world.load()
        }

        func save(_ grant: UpstreamGrant, as key: VaultKey, over version: Version) async throws(StoreError) {
            await process.pass("before save")
            try process.world.save(grant, over: version)
            await process.pass("after save")
        }
    }

    private struct Plain: TokenSource {
        let process: SharedProcess
        var identity: TokenIdentity { TokenIdentity(issuer: "world", grant: "plain") }

        func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
            await process.pass("before call")
            if process.world.state.withLock({ $0.isDown }) {
                _ = process.world.call(by: process.number, with: "")
                throw TokenSourceError(.refused(OAuthRefusal(error: "invalid_client", status: 401)))
            }
            let words = process.world.call(by: process.number, with: "")?.split(separator: " ").map(String.init)
            await process.pass("after call")
            return IssuedToken(words?.first ?? "", lifetime: .lasting(SharedWorld.lifetime))
        }
    }

    private struct Rotating: RotatingTokenSource {
        let process: SharedProcess
        var identity: TokenIdentity { TokenIdentity(issuer: "world", grant: "refresh_token") }
        var firstRefreshToken: Secret { Secret(Array("r0".utf8)) }

        func exchange(_ refreshToken: Secret, for fetch: TokenFetch) async throws(TokenSourceError) -> TokenAnswer {
            await process.pass("before call")
            let answer = process.world.call(by: process.number, with: String(decoding: refreshToken.bytes, as: UTF8.self))
            await process.pass("after call")
            return TokenAnswer(status: answer == nil ? 400 : 200, body: Secret(Array((answer ?? "invalid_grant").utf8)))
        }

        func issued(from answer: TokenAnswer) throws(TokenSourceError) -> IssuedGrant {
            let words = String(decoding: answer.body.bytes, as: UTF8.self).split(separator: " ").map(String.init)
            guard answer.status == 200 else { throw TokenSourceError(.refused(OAuthRefusal(error: words[0], status: answer.status))) }
            if !process.world.state.withLock({ $0.stored.contains(SharedWorld.number(answer.body)) }) {
                process.world.note("an answer was read before it was stored")
            }
            return IssuedGrant(IssuedToken(words[0], lifetime: .lasting(SharedWorld.lifetime)), refreshToken: Secret(Array(words[1].utf8)))
        }

        func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
            try issued(from: try await exchange(firstRefreshToken, for: fetch)).token
        }
    }
}
