import Synchronization
import TokenClient
import TokenCore

@testable import TokenHTTP

/// A source whose tokens a test can count, refuse and hold back.
final class Mint: Sendable {
    struct State {
        var made = 0
        var failure: TokenSourceError?
        var lifetime = TokenLifetime.lasting(.seconds(3600))
        var delay = Duration.zero
    }

    let state = Mutex(State())
    let name: String

    init(_ name: String) { self.name = name }

    /// How many tokens were asked for.
    var made: Int { state.withLock { $0.made } }

    func fail(_ error: TokenSourceError?) { state.withLock { $0.failure = error } }

    var source: ClosureSource {
        ClosureSource(name) { _ in
            let (number, failure, lifetime, delay) = self.state.withLock { state in
                state.made += 1
                return (state.made, state.failure, state.lifetime, state.delay)
            }
            if delay > .zero { try await Task.sleep(for: delay) }
            if let failure { throw failure }
            return IssuedToken("\(self.name)-\(number)", lifetime: lifetime)
        }
    }

    /// An upstream of this source's tokens.
    func upstream(_ callers: UpstreamCaller..., narrowed: [(UpstreamCaller, Mint)] = [], policy: UpstreamPolicy = Mint.quick) -> Upstream {
        let manager = TokenManager(name: name, source: source, policy: policy)
        let rules = callers.map { UpstreamRule($0, gets: manager) }
        let narrow = narrowed.map { UpstreamRule($0.0, gets: TokenManager(name: name, source: $0.1.source, policy: policy)) }
        return Upstream(name: name, source: "closure", manager: manager, rules: rules + narrow)
    }

    /// Pauses that a test can wait for.
    static var quick: UpstreamPolicy {
        var policy = UpstreamPolicy()
        policy.leastInterval = .milliseconds(1)
        policy.firstPause = .milliseconds(200)
        return policy
    }
}

extension WireReply {
    /// A number member of a JSON body, the first of that name, found by its text.
    func number(_ name: String) -> Int? {
        guard let start = body.firstRange(of: "\"\(name)\":") else { return nil }
        return Int(body[start.upperBound...].prefix { $0.isNumber })
    }
}
