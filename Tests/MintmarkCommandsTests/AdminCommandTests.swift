import LoopbackServer
import Testing

@testable import MintmarkCommands

@Suite("Commands that use the admin API")
struct AdminCommandTests {
    /// A data folder with a credential, and commands against a server that answers as told.
    private func against(
        _ answer: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Answer?,
        _ body: (LoopbackServer, _ run: (String...) async -> Ran) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("the-credential\n", to: "admin.token")
        try await LoopbackServer.run(answer) { server in
            try await body(server) { (arguments: String...) in
                await run(arguments + ["--set", "store.path=\(folder.path)", "--set", "admin.port=\(server.port)"])
            }
        }
    }

    @Test(arguments: [
        (["keys", "list"], "GET", "/keys", ""), (["keys", "rotate"], "POST", "/keys/rotate", ""),
        (["keys", "revoke", "a/b c"], "POST", "/keys/a%2Fb%20c/revoke", ""),
        (["clients", "list"], "GET", "/clients", ""), (["clients", "create", "a \"b\""], "POST", "/clients", #"{"name":"a \"b\""}"#),
        (["clients", "delete", "../x"], "DELETE", "/clients/..%2Fx", ""),
        (["sessions", "list", "a&b=ü"], "GET", "/sessions?subject=a%26b%3D%C3%BC", ""),
        (["clients", "create", "ci", "--scope", "pool:ci:use"], "POST", "/clients", #"{"name":"ci","scope":"pool:ci:use"}"#),
        (
            ["pool", "create", "ci", "--order", "random", "--lifetime", "2m", "--max-tokens", "7", "--rate", "100/1h"], "POST", "/pools/ci",
            #"{"order":"random","lifetime":"2m","max_tokens":7,"rate":{"count":100,"per":"1h"}}"#
        ),
        (["pool", "create", "ci"], "POST", "/pools/ci", "{}"), (["pool", "list"], "GET", "/pools", ""),
        (["pool", "stats"], "GET", "/pools/default/stats", ""), (["pool", "stats", "--pool", "ci"], "GET", "/pools/ci/stats", ""),
        (["pool", "generate", "10", "--pool", "ci"], "POST", "/pools/ci/generate", #"{"count":10}"#),
        (["pool", "assign", "--wait", "5s", "--holder", "me"], "POST", "/pools/default/assign", #"{"wait":"5s","holder":"me"}"#),
        (["pool", "watch", "--looks", "1"], "GET", "/pools", ""), (["pool", "drain", "--pool", "ci"], "POST", "/pools/ci/drain", ""),
        (["sessions", "revoke", "s1"], "DELETE", "/sessions/s1", ""),
        (["sessions", "revoke", "--subject", "7"], "POST", "/sessions/revoke", #"{"subject":"7"}"#),
    ])
    func commandIsOneRequestWithTheCredential(arguments: [String], method: String, target: String, body: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("the-credential\n", to: "admin.token")
        try await LoopbackServer.run({ _ in .init(200, "{}") }) { server in
            let ran = await run(arguments + ["--set", "store.path=\(folder.path)/", "--admin-url", "http://127.0.0.1:\(server.port)"])
            #expect(ran.status == 0, "\(ran)")
            let seen = try #require(server.requests.first)
            #expect(server.requests.count == 1 && seen.method == method && seen.target == target)
            #expect(String(decoding: seen.body, as: UTF8.self) == body)
            #expect(seen.headers["authorization"] == ["Bearer the-credential"])
            #expect(seen.headers["content-type"] == (body.isEmpty ? nil : ["application/json"]))
            #expect(!(ran.output + ran.complaints).contains("the-credential"))
        }
    }

    @Test func keysAreATableWithTheirTimesAndTheSeal() async throws {
        let answer =
            #"{"keys":[{"kid":"k1","algorithm":"ES256","state":"signing","created_at":0,"state_since":60,"next_state_at":null}],"seal":[{"number":2,"in_file":true,"current":true,"signing_keys":2,"client_secrets":0,"pool_secrets":0,"sessions_until":null,"dispensable":false}]}"#
        try await against({ _ in .init(200, answer) }) { _, run in
            let ran = await run("keys", "list")
            let lines = ran.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            #expect(
                lines == [
                    "KID ALGORITHM STATE SINCE NEXT CREATED", "k1 ES256 signing 1970-01-01T00:01:00Z - 1970-01-01T00:00:00Z",
                    "Seal keys; one that is dispensable may leave the seal file:",
                    "NUMBER IN FILE SEALS SIGNING KEYS CLIENT SECRETS POOLS SESSIONS UNTIL DISPENSABLE", "2 true true 2 0 0 - false",
                ])
            #expect(await run("keys", "list", "--json").output == answer + "\n")
        }
    }

    @Test func sealKeyThatOnlyClientsHoldIsExplained() async throws {
        @Sendable func answer(current: Bool, secrets: Int) -> String {
            #"{"keys":[],"seal":[{"number":1,"in_file":true,"current":\#(current),"signing_keys":0,"client_secrets":\#(secrets),"dispensable":false}]}"#
        }
        for (current, secrets) in [(false, 2), (true, 2), (false, 0)] {
            try await against({ _ in .init(200, answer(current: current, secrets: secrets)) }) { _, run in
                #expect(await run("keys", "list").output.contains("make such a client anew") == (!current && secrets > 0))
            }
        }
    }

    @Test func everyPageOfSessionsIsRead() async throws {
        try await against({ request in
            request.target.hasSuffix("&after=n%2F1")
                ? .init(200, #"{"sessions":[{"session_id":"b","device":"\u001b[2Jphone","rotations":3}]}"#)
                : .init(200, #"{"sessions":[{"session_id":"a","created_at":0,"last_seen":1}],"next":"n/1"}"#)
        }) { server, run in
            let ran = await run("sessions", "list", "7")
            #expect(server.requests.count == 2)
            #expect(ran.output.contains("\na ") && ran.output.contains("\nb ") && !ran.output.contains("\u{1B}"))
            #expect(await run("sessions", "list", "7", "--json").output.contains(#""session_id":"b""#))
        }
    }

    @Test func secretOfAClientIsPrintedOnce() async throws {
        try await against({ _ in .init(201, #"{"client_id":"c1","client_secret":"s3cret"}"#) }) { _, run in
            let ran = await run("clients", "create", "web")
            #expect(ran.status == 0 && ran.output.contains("s3cret") && ran.complaints.contains("this once"))
        }
    }

    @Test(arguments: [(400, 1), (404, 1), (409, 1), (401, 77), (403, 77), (429, 69), (503, 69), (500, 70), (302, 70)] as [(Int, Int32)])
    func statusOfTheServerIsAnExitCodeWithItsReason(status: Int, code: Int32) async throws {
        try await against({ _ in .init(status, #"{"error":"x","error_description":"Because of this."}"#) }) { _, run in
            let ran = await run("keys", "rotate")
            #expect(ran.status == code && ran.complaints.contains("Because of this.") && ran.output.isEmpty)
        }
    }

    @Test func serverThatIsNotThereIs69AndCredentialThatIsNotThereIs77() async throws {
        let port = try await LoopbackServer.run({ _ in nil }) { $0.port }
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let options = ["--set", "store.path=\(folder.path)", "--set", "admin.port=\(port)"]
        let without = await run(["keys", "list"] + options)
        #expect(without.status == 77 && without.complaints.contains("\(folder.path)/admin.token"))
        try folder.write("", to: "admin.token")
        #expect(await run(["keys", "list"] + options).status == 77)
        try folder.write("x", to: "admin.token")
        let dead = await run(["keys", "list"] + options)
        #expect(dead.status == 69 && dead.complaints.contains("127.0.0.1:\(port)"))
    }

    @Test func adminURLMustBeSafeAndKnown() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try folder.write("x", to: "admin.token")
        let store = ["--set", "store.path=\(folder.path)"]
        #expect(await run(["keys", "list", "--set", "admin.port=0"] + store).status == 64)
        #expect(await run(["keys", "list", "--admin-url", "http://127.0.0.1:1/x"] + store).status == 64)
        #expect(await run(["keys", "list", "--admin-url", "nonsense"] + store).status == 64)
        let clear = await run(["keys", "list", "--admin-url", "http://192.0.2.1:8081"] + store)
        #expect(clear.status == 69 && clear.complaints.contains("only https goes there"))
        #expect(await run(["sessions", "revoke"] + store).status == 64)
        #expect(await run(["sessions", "revoke", "a", "--subject", "b"] + store).status == 64)
    }

    @Test func answerThatIsNoJSONObjectIsAFailure() async throws {
        for body in ["", "[]", "{", "{\"a\":1,\"a\":2}"] {
            try await against({ _ in .init(200, body) }) { _, run in #expect(await run("keys", "list").status == 70) }
        }
    }
}
