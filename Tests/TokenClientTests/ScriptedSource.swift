import Synchronization
import TokenClient
import TokenCore

/// A source that a test leads: it counts, waits at a gate and answers as it is told.
final class ScriptedSource: TokenSource {
    typealias Answer = @Sendable (Int) async throws(TokenSourceError) -> IssuedToken

    let identity: TokenIdentity
    let mayBeAbandoned: Bool
    private let answer: Answer
    private let counts = Mutex((begun: 0, cancelled: 0, underWay: 0, most: 0))
    private let heard = Mutex<[String?]>([])

    /// - Parameter answer: is told the number of the fetch, from 1 on.
    init(_ name: String = "script", mayBeAbandoned: Bool = true, answer: @escaping Answer) {
        identity = TokenIdentity(issuer: name, grant: "script")
        self.mayBeAbandoned = mayBeAbandoned
        self.answer = answer
    }

    /// How many fetches have begun.
    var begun: Int { counts.withLock { $0.begun } }
    /// How many found themselves cancelled.
    var cancelled: Int { counts.withLock { $0.cancelled } }
    /// How many were under way at once, at most.
    var most: Int { counts.withLock { $0.most } }
    /// The tokens that fetches were told not to bring again.
    var rejected: [String?] { heard.withLock { $0 } }

    func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        heard.withLock { $0.append(fetch.rejected.map { String(decoding: $0.bytes, as: UTF8.self) }) }
        let number = counts.withLock { counts in
            counts.begun += 1
            counts.underWay += 1
            counts.most = max(counts.most, counts.underWay)
            return counts.begun
        }
        defer {
            counts.withLock { counts in
                counts.underWay -= 1
                if Task.isCancelled { counts.cancelled += 1 }
            }
        }
        return try await answer(number)
    }

    static func token(_ number: Int, _ lifetime: TokenLifetime = .lasting(.seconds(3600))) -> IssuedToken {
        IssuedToken("token-\(number)", lifetime: lifetime)
    }
}

/// Closed until it is opened; who waits when its task is cancelled goes on.
final class Gate: Sendable {
    private let (stream, continuation) = AsyncStream<Never>.makeStream()

    func open() { continuation.finish() }

    func pass() async { for await _ in stream {} }
}

/// Waits until something is true, which it is expected to become soon.
func eventually(within patience: Duration = .seconds(120), _ isTrue: () -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + patience
    while clock.now < end {
        if isTrue() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return isTrue()
}

extension UpstreamPolicy {
    /// With time for a machine that has other things to do.
    static var patient: UpstreamPolicy {
        var policy = UpstreamPolicy()
        policy.fetchTimeout = .seconds(300)
        policy.patience = .seconds(300)
        return policy
    }

    /// The same with pauses short enough to be waited for.
    static var quick: UpstreamPolicy {
        var policy = patient
        policy.firstPause = .milliseconds(40)
        policy.longestPause = .milliseconds(80)
        policy.leastInterval = .zero
        return policy
    }
}

/// What a call threw.
func failure(_ body: () async throws -> AccessToken) async -> TokenManagerError? {
    do {
        _ = try await body()
        return nil
    } catch { return error as? TokenManagerError }
}
