import Synchronization
import Testing
import TokenCore

@testable import TokenClient

/// Many identities, each with its own token.
struct RegistryTests {
    /// A source that brings a token only for who it says it is.
    private struct Speaker: TokenSource {
        let identity: TokenIdentity
        var gate: Gate?
        var mayBeAbandoned = true

        func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
            if let gate { await gate.pass() } else { await Task.yield() }
            return IssuedToken(Self.value(identity), lifetime: .lasting(.seconds(3600)))
        }

        static func value(_ identity: TokenIdentity) -> String { identity.canonicalBytes.map { String($0, radix: 16) }.joined(separator: ".") }
    }

    /// Identities that differ in one thing each, and in where one thing ends and the next begins.
    static let identities: [TokenIdentity] = [
        TokenIdentity(issuer: "a", grant: "g"), TokenIdentity(issuer: "b", grant: "g"), TokenIdentity(issuer: "a", client: "c", grant: "g"),
        TokenIdentity(issuer: "a", grant: "h"), TokenIdentity(issuer: "a", grant: "g", scope: "read"),
        TokenIdentity(issuer: "a", grant: "g", scope: "read write"), TokenIdentity(issuer: "a", grant: "g", scope: "readwrite"),
        TokenIdentity(issuer: "a", grant: "g", resources: ["read"]), TokenIdentity(issuer: "a", grant: "g", resources: ["re", "ad"]),
        TokenIdentity(issuer: "a", grant: "g", resources: ["ad", "re"]), TokenIdentity(issuer: "a", grant: "g", subject: "s"),
        TokenIdentity(issuer: "a", grant: "g", keyBinding: "s"), TokenIdentity(issuer: "a", grant: "g", parameters: ["s"]),
        TokenIdentity(issuer: "a", grant: "g", scope: "s"), TokenIdentity(issuer: "", client: "a", grant: "g"),
    ]

    @Test func aTokenOfOneIdentityNeverAnswersForAnother() async throws {
        let registry = TokenManagers(name: "many", policy: .restful)
        try await withThrowingTaskGroup(of: (TokenIdentity, String).self) { group in
            for round in 0..<600 {
                let identity = Self.identities[round % Self.identities.count]
                group.addTask { (identity, try await registry.token(for: Speaker(identity: identity)).value) }
            }
            for try await (identity, value) in group { #expect(value == Speaker.value(identity)) }
        }
        #expect(registry.count == Self.identities.count)
        #expect(Set(Self.identities.map(\.canonicalBytes)).count == Self.identities.count)
    }

    @Test func theOrderOfScopesMeansNothing() throws {
        let registry = TokenManagers(name: "scopes", policy: .restful)
        let one = try registry.manager(for: Speaker(identity: TokenIdentity(issuer: "a", grant: "g", scope: "read write")))
        let other = try registry.manager(for: Speaker(identity: TokenIdentity(issuer: "a", grant: "g", scope: "write  read")))
        #expect(one === other)
    }

    @Test func whoeverWasNotAskedForLongestMakesRoom() async throws {
        let registry = TokenManagers(name: "bounded", most: 100, policy: .restful)
        for number in 0..<100 { _ = try await registry.token(for: numbered(number)) }
        let kept = try (0..<10).map { try registry.manager(for: numbered($0)) }
        for number in 100..<190 { _ = try await registry.token(for: numbered(number)) }
        #expect(registry.count == 100)
        for (number, manager) in kept.enumerated() { #expect(try registry.manager(for: numbered(number)) === manager) }
    }

    @Test func whoeverIsAtWorkOrCannotBeHadAgainStays() async throws {
        let registry = TokenManagers(name: "busy", most: 4, policy: .restful)
        let gate = Gate()
        let busy = Speaker(identity: numbered(0).identity, gate: gate)
        let waiting = Task { try await registry.token(for: busy) }
        let manager = try registry.manager(for: busy)
        #expect(await eventually { manager.status.waiting == 1 })
        let rotating = Speaker(identity: numbered(1).identity, mayBeAbandoned: false)
        let rotatingManager = try registry.manager(for: rotating)
        for number in 2..<200 { _ = try await registry.token(for: numbered(number)) }
        #expect(registry.count == 4)
        #expect(try registry.manager(for: busy) === manager)
        #expect(try registry.manager(for: rotating) === rotatingManager)
        gate.open()
        #expect(try await waiting.value.number == 1)
    }

    @Test func aRegistryWhoseManagersAreAllAtWorkIsFull() async throws {
        let registry = TokenManagers(name: "full", most: 2, policy: .restful)
        for number in 0..<2 { _ = try registry.manager(for: Speaker(identity: numbered(number).identity, mayBeAbandoned: false)) }
        #expect(throws: TokenRegistryError.full(most: 2)) { try registry.manager(for: numbered(9)) }
        registry.remove(numbered(0).identity)
        _ = try registry.manager(for: numbered(9))
        #expect(registry.count == 2)
    }

    @Test func aRemovedIdentityIsMadeAnewAndTheOthersStay() async throws {
        let registry = TokenManagers(name: "removed", policy: .restful)
        let managers = try (0..<50).map { try registry.manager(for: numbered($0)) }
        for number in stride(from: 0, to: 50, by: 2) { registry.remove(numbered(number).identity) }
        #expect(registry.count == 25)
        for number in 0..<50 { #expect(try (registry.manager(for: numbered(number)) === managers[number]) == (number % 2 == 1)) }
    }

    /// Nobody has a timer, and nobody is fetched for who is not asked for.
    @Test func tenThousandIdentitiesRestWithoutTimers() async throws {
        let registry = TokenManagers(name: "large", policy: .restful)
        for number in 0..<10_000 { _ = try await registry.token(for: numbered(number)) }
        #expect(registry.count == 10_000)
        let manager = try registry.manager(for: numbered(77))
        #expect(manager.state.withLock { $0.machine.nextWake } == nil)
        #expect(manager.status.nextRefresh == nil)
        #expect(try await registry.token(for: numbered(77)).number == 1)
    }

    private func numbered(_ number: Int) -> Speaker { Speaker(identity: TokenIdentity(issuer: "i", grant: "g", subject: "user-\(number)")) }
}

extension UpstreamPolicy {
    /// The registry's own, with time for a busy machine.
    fileprivate static var restful: UpstreamPolicy {
        var policy = UpstreamPolicy.patient
        policy.keepsFresh = false
        return policy
    }
}
