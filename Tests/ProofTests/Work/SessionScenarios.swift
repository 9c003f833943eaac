import Foundation
import NIOHTTP1
import Testing
import ValkeyServer

/// What callers of the session API rely on, asked of a load balancer that sends no two requests in a row to one instance.
struct SessionScenarios {
    let instances: Instances
    let service: RoundRobin

    init(_ instances: Instances) {
        self.instances = instances
        service = RoundRobin(instances)
    }

    /// Begun, shown, refreshed, ended.
    func lifeOfASession(user: Int64) async throws {
        let first = try #require(await service.login(user).value)
        let claims = try await service.send(.GET, "/authenticate", bearer: first.access)
        #expect(claims.status == 200 && claims.text.contains(#""sub":"\#(user)""#) && claims.text.contains(#""user_id":\#(user)"#))
        let second = try #require(await service.refresh(first.refresh).value)
        #expect(second.session == first.session && second.refresh != first.refresh)
        #expect(try await sessions(second) == [first.session])
        for pair in [first, second] { #expect(try await answers(pair.access) == everyone(200)) }
        #expect(await service.logout(second.access).value != nil)
        try await isOver([first, second])
    }

    /// What ends all of a subject's sessions ends none that begins after it, and nobody else's.
    func logoutOfAll(user: Int64) async throws {
        let pairs = try await logins(4, user), other = try #require(await service.login(user + 1).value)
        #expect(await service.logoutAll(pairs[2].access).value != nil)
        let after = try #require(await service.login(user).value)
        try await isOver(pairs)
        for pair in [after, other] { try await lives(pair) }
    }

    /// A lost answer is asked for again, elsewhere and by many at once.
    func retryInsideTheGraceWindow(user: Int64) async throws {
        let first = try #require(await service.login(user).value)
        let successors = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<9 { group.addTask { await service.refresh(first.refresh).value?.refresh } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(successors.count == 1 && !successors.contains(nil), "\(successors.count) successors")
        try await lives(Pair(access: first.access, refresh: try #require(successors.first ?? nil), session: first.session))
    }

    /// A used token that comes back after its successor was used ends its session, and no other.
    func reuse(user: Int64) async throws {
        let first = try #require(await service.login(user).value), other = try #require(await service.login(user).value)
        let second = try #require(await service.refresh(first.refresh).value)
        let third = try #require(await service.refresh(second.refresh).value)
        #expect(await service.refresh(first.refresh).isRefused)
        try await isOver([first, second, third])
        try await lives(other)
    }

    /// Canon 63, whichever instance is asked.
    func ownSessions(user: Int64) async throws {
        let pairs = try await logins(3, user), strange = try #require(await service.login(user + 1).value)
        #expect(try await sessions(pairs[0]) == pairs.map(\.session))
        let page = try await service.send(.GET, "/sessions?limit=2", bearer: pairs[1].access).text
        #expect(page.contains(#""next":"\#(pairs[1].session)""#))
        let rest = try await service.send(.GET, "/sessions?limit=2&after=\(pairs[1].session)", bearer: pairs[1].access).text
        #expect(rest.contains(pairs[2].session) && !rest.contains(pairs[0].session) && rest.contains(#""next":null"#))
        if case .refused(let status) = await service.end(strange.session, by: pairs[0].access) {
            #expect(status == 404)
        } else {
            Issue.record("somebody else's session was ended")
        }
        #expect(await service.end(pairs[1].session, by: pairs[0].access).value != nil)
        try await isOver([pairs[1]])
        #expect(try await sessions(pairs[2]) == [pairs[0].session, pairs[2].session])
        try await lives(strange)
    }

    /// An administrator at one instance, seen from all.
    func administration(user: Int64) async throws {
        let pairs = try await logins(3, user)
        let listed = try await instances[1].administer(.GET, "/sessions?subject=\(user)").text
        for pair in pairs { #expect(listed.contains(pair.session)) }
        #expect(try await instances[2].administer(.DELETE, "/sessions/\(pairs[0].session)").status == 200)
        try await isOver([pairs[0]])
        try await lives(pairs[1])
        #expect(try await instances[0].administer(.POST, "/sessions/revoke", body: #"{"subject":"\#(user)"}"#).status == 200)
        try await isOver(pairs)
    }

    /// A rotation at one instance is the rotation of all; a key revoked at one takes its tokens out everywhere. `keys.publish_ahead` is 0.
    func keys(user: Int64) async throws {
        let first = try #require(await service.login(user).value)
        #expect(try await instances[0].administer(.POST, "/keys/rotate").status == 200)
        let old = try kid(of: first)
        var fresh: [Pair] = []
        for member in instances.members {
            fresh.append(
                try await eventually("the new key at every instance") {
                    let pair = try #require(await InstanceService(member).login(user).value)
                    return try kid(of: pair) == old ? nil : pair
                })
        }
        let kids = try Set(fresh.map { try kid(of: $0) })
        #expect(kids.count == 1, "one key signs at a time")
        for pair in fresh { #expect(try await answers(pair.access) == everyone(200)) }
        #expect(try await answers(first.access) == everyone(200), "the key before goes on verifying")
        #expect(try await instances[1].administer(.POST, "/keys/\(old)/revoke").status == 200)
        try await eventually("everybody refuses the key") { try await answers(first.access) == everyone(401) ? true : nil }
        for pair in fresh { #expect(try await answers(pair.access) == everyone(200)) }
        #expect(await service.refresh(first.refresh).value != nil, "the session itself is not over")
    }

    /// `sessions.max_per_subject` is 2 and `login.require` is client.
    func clientsAndTheLimit(user: Int64) async throws {
        struct Made: Decodable { let client_id, client_secret: String }
        #expect(await service.login(user).isRefused)
        let made = try JSONDecoder().decode(Made.self, from: Data(try await instances[1].administer(.POST, "/clients", body: #"{"name":"b"}"#).body))
        let basic = ("Authorization", "Basic " + Data("\(made.client_id):\(made.client_secret)".utf8).base64EncodedString())
        var pairs: [Pair] = []
        for _ in 0..<4 {
            let reply = try await service.send(.POST, "/login", bearer: nil, fields: [basic], body: #"{"user_id": \#(user)}"#)
            try #require(reply.status == 200, "\(reply.text)")
            pairs.append(try JSONDecoder().decode(Pair.self, from: Data(reply.body)))
        }
        #expect(try await sessions(pairs[3]) == pairs.suffix(2).map(\.session))
        try await isOver(Array(pairs.prefix(2)))
        #expect(try await instances[2].administer(.DELETE, "/clients/\(made.client_id)").status == 200)
        for _ in instances.members {
            let reply = try await service.send(.POST, "/login", bearer: nil, fields: [basic], body: #"{"user_id": \#(user)}"#)
            #expect(reply.status == 401)
        }
        try await isOver(pairs)
    }
}

extension SessionScenarios {
    private func logins(_ count: Int, _ user: Int64) async throws -> [Pair] {
        var pairs: [Pair] = []
        for _ in 0..<count { pairs.append(try #require(await service.login(user).value)) }
        return pairs
    }

    private func everyone(_ status: Int) -> [Int] { instances.members.map { _ in status } }

    /// What each instance says of an access token.
    private func answers(_ access: String) async throws -> [Int] {
        var statuses: [Int] = []
        for member in instances.members {
            statuses.append(try await InstanceService(member).send(.GET, "/authenticate", bearer: access).status)
        }
        return statuses
    }

    /// The store refuses the refresh tokens at once, and within the bound of propagation every instance the access tokens, for good.
    private func isOver(_ pairs: [Pair]) async throws {
        for pair in pairs { #expect(await service.refresh(pair.refresh).isRefused) }
        for pair in pairs {
            try await eventually("everybody refuses") { try await answers(pair.access) == everyone(401) ? true : nil }
            #expect(try await answers(pair.access) == everyone(401))
        }
    }

    private func lives(_ pair: Pair) async throws {
        #expect(try await answers(pair.access) == everyone(200))
        #expect(await service.refresh(pair.refresh).value != nil)
    }

    /// The ids that a subject sees, in their order.
    private func sessions(_ pair: Pair) async throws -> [String] {
        struct List: Decodable {
            struct Session: Decodable { let session_id: String }
            let sessions: [Session]
        }
        let reply = try await service.send(.GET, "/sessions", bearer: pair.access)
        return try JSONDecoder().decode(List.self, from: Data(reply.body)).sessions.map(\.session_id)
    }

    /// Which key signed a token, as its head says.
    private func kid(of token: Pair) throws -> String {
        struct Head: Decodable { let kid: String }
        return try JSONDecoder().decode(Head.self, from: try token.part(0)).kid
    }
}
