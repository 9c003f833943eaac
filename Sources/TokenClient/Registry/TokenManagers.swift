public import Logging
import Synchronization
public import TokenCore

/// Managers of many identities, made when they are first asked for: one for each user, tenant or scope.
///
/// At most `most` are kept. Beyond that the ones that have not been asked for longest go, except those with a fetch under way, with callers that
/// wait, or with something that could not be had again. No identity has a timer: unless the policy says otherwise, whoever asks after 80 % of a
/// lifetime gets the old token and starts the next fetch.
public final class TokenManagers: Sendable {
    private struct Place {
        let manager: TokenManager
        /// Since the hand was here last.
        var isUsed: Bool
    }

    private struct State {
        /// Where in the ring each identity is.
        var places: [TokenIdentity: Int] = [:]
        /// Everyone once, in the order in which the hand of the clock passes.
        var ring: [Place] = []
        var hand = 0

        /// Takes one out; the last of the ring takes its place.
        mutating func remove(at index: Int) {
            places[ring[index].manager.source.identity] = nil
            guard let last = ring.popLast(), index < ring.count else { return }
            ring[index] = last
            places[last.manager.source.identity] = index
        }
    }

    /// What they are called together in logs and metrics.
    public let name: String
    /// How many are kept.
    public let most: Int
    private let policy: UpstreamPolicy.Shared
    private let telemetry: TokenTelemetry
    /// Guards the table for one look-up.
    private let state = Mutex(State())

    /// An empty registry.
    ///
    /// - Parameters:
    ///   - most: how many identities are kept, at least 1.
    ///   - policy: of every manager; tokens that nobody asks for are not refreshed by default.
    public init(name: String, most: Int = 100_000, policy: UpstreamPolicy = .whileUsed, logger: Logger? = nil) {
        self.name = name
        self.most = max(1, most)
        self.policy = UpstreamPolicy.Shared(policy)
        telemetry = TokenTelemetry(name, logger)
    }

    /// How many there are.
    public var count: Int { state.withLock { $0.ring.count } }

    /// The manager of a source's identity; made with this source if there is none.
    ///
    /// - Throws: `.full` when all that are kept are at work.
    public func manager(for source: some TokenSource) throws(TokenRegistryError) -> TokenManager {
        let identity = source.identity
        let found = state.withLock { state -> TokenManager? in
            if let index = state.places[identity] {
                state.ring[index].isUsed = true
                return state.ring[index].manager
            }
            guard state.ring.count < most || makeRoom(&state) else { return nil }
            let manager = TokenManager(source: source, policy: policy, telemetry: telemetry)
            state.places[identity] = state.ring.count
            state.ring.append(Place(manager: manager, isUsed: false))
            return manager
        }
        guard let found else { throw .full(most: most) }
        return found
    }

    /// The token of a source's identity.
    ///
    /// - Throws: as `manager(for:)` and `TokenManager.token()`.
    public func token(for source: some TokenSource) async throws -> AccessToken { try await manager(for: source).token() }

    /// Forgets an identity; who waits for its token still gets it.
    public func remove(_ identity: TokenIdentity) {
        state.withLock { state in
            if let index = state.places[identity] { state.remove(at: index) }
        }
    }

    /// Second chance: whoever was used since the hand passed last stays for another round. Two rounds find one, if one may go.
    private func makeRoom(_ state: inout State) -> Bool {
        for _ in 0..<(2 * state.ring.count) {
            if state.hand >= state.ring.count { state.hand = 0 }
            let place = state.ring[state.hand]
            if !place.isUsed, place.manager.mayGo {
                state.remove(at: state.hand)
                return true
            }
            state.ring[state.hand].isUsed = false
            state.hand += 1
        }
        return false
    }
}

/// Why there is no manager.
public enum TokenRegistryError: Error, Sendable, Equatable {
    /// As many as may be kept are at work or hold what could not be had again.
    case full(most: Int)
}

extension TokenManager {
    /// Whether it may be forgotten: nothing is lost but a token that can be fetched again.
    fileprivate var mayGo: Bool { source.mayBeAbandoned && state.withLock { !$0.machine.isFetching && $0.machine.waiting == 0 } }
}

extension UpstreamPolicy {
    /// Refreshed while somebody asks for it: the first caller after 80 % of the lifetime gets the old token and starts the next fetch.
    public static var whileUsed: UpstreamPolicy {
        var policy = UpstreamPolicy()
        policy.keepsFresh = false
        return policy
    }
}
