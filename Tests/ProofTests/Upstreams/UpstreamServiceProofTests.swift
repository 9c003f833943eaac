import Foundation
import LoopbackServer
import NIOHTTP1
import Synchronization
import Testing

extension Proofs {
    /// The service of tokens of others over the real binary, against authorization servers that are slow, silent and broken.
    @Suite struct UpstreamServiceProofTests {
        /// What makes a server ask there, with little patience.
        private func settings(_ authority: LoopbackServer) -> [String: String] {
            [
                "upstreams.crm.source": "client_credentials", "upstreams.crm.token_url": "http://127.0.0.1:\(authority.port)/token",
                "upstreams.crm.client_id": "shop", "upstreams.crm.client_secret": "hunter2", "upstreams.crm.allow": "loopback",
                "upstreams.crm.timeout": "1s",
            ]
        }

        private func token(_ number: Int, lifetime: Int = 3600) -> LoopbackServer.Answer {
            .init(
                200, #"{"access_token":"token-\#(number)","token_type":"Bearer","expires_in":\#(lifetime)}"#,
                headers: [("Content-Type", "application/json")])
        }

        @Test func manyConnectionsCauseOneRequestAndAWholeLogHoldsNoToken() async throws {
            let count = Mutex(0)
            try await LoopbackServer.run { _ in
                token(
                    count.withLock {
                        $0 += 1; return $0
                    })
            } _: { authority in
                try await DataFolder.use { folder in
                    try await ServerProcess.use(folder, settings(authority).merging(["logging.level": "debug"]) { $1 }) { server in
                        let connections = try await HTTPConnection.open(64, port: server.port)
                        let answers = try await withThrowingTaskGroup(of: String.self) { group in
                            for connection in connections {
                                group.addTask { try await connection.send(.GET, "/upstreams/crm/token").text }
                            }
                            return try await group.reduce(into: [String]()) { $0.append($1) }
                        }
                        #expect(answers.count == 64 && answers.allSatisfy { $0.contains(#""access_token":"token-1""#) })
                        #expect(authority.requests.count == 1)
                        // Fifty of them find out that it is not accepted: one more request.
                        for connection in connections.prefix(50) {
                            let reply = try await connection.send(.POST, "/upstreams/crm/invalidate", body: #"{"access_token":"token-1"}"#)
                            #expect(reply.status == 200)
                        }
                        for connection in connections {
                            #expect(try await connection.send(.GET, "/upstreams/crm/token").text.contains("token-2"))
                        }
                        #expect(authority.requests.count == 2)
                        for connection in connections { await connection.close() }
                    }
                    // canon 59.
                    let told = folder.text(folder.log) + folder.text(folder.events) + folder.text(folder.output)
                    #expect(!told.contains("token-1") && !told.contains("token-2") && !told.contains("hunter2"))
                    #expect(told.contains("upstream_refreshed") && told.contains("upstream_invalidated"))
                }
            }
        }

        @Test func serverThatRefusesHangsOrBreaksOffIs503InTime() async throws {
            let answers: [(LoopbackServer.Answer?, String)] = [
                (.init(401, #"{"error":"invalid_client","error_description":"Nobody knows you."}"#), "invalid_client (Nobody knows you.)"),
                (.init(200, "", ends: false), "did not answer in time"), (nil, "cannot be reached"), (.init(200, "<html>"), "was not understood"),
                (.init(500, "oops"), "status 500"),
            ]
            for (answer, words) in answers {
                try await LoopbackServer.run { _ in
                    answer
                } _: { authority in
                    try await DataFolder.use { folder in
                        try await ServerProcess.use(folder, settings(authority)) { server in
                            let connection = try await HTTPConnection.open(port: server.port)
                            let began = ContinuousClock.now
                            let reply = try await connection.send(.GET, "/upstreams/crm/token")
                            #expect(reply.status == 503 && reply.text.contains(words), "\(reply.text)")
                            #expect(reply.fields["Retry-After"].first.flatMap(Int.init) ?? 0 >= 1)
                            #expect(ContinuousClock.now - began < .seconds(10))
                            // Nobody else has to wait for it.
                            #expect(try await connection.send(.GET, "/ping").text == "pong")
                            await connection.close()
                        }
                    }
                }
            }
        }

        /// The issuer ends the grant when a refresh token comes that was used (RFC 9700 section 4.14.2): only the newest one helps, and it is in the store.
        @Test func rotatedRefreshTokenOutlivesAServerThatIsKilled() async throws {
            let newest = Mutex(0)
            try await LoopbackServer.run { request in
                newest.withLock { newest in
                    guard String(decoding: request.body, as: UTF8.self).split(separator: "&").contains("refresh_token=r\(newest)") else {
                        newest = .max
                        return .init(400, #"{"error":"invalid_grant"}"#)
                    }
                    newest += 1
                    return .init(
                        200, #"{"access_token":"a\#(newest)","token_type":"Bearer","expires_in":3600,"refresh_token":"r\#(newest)"}"#)
                }
            } _: { authority in
                try await DataFolder.use { folder in
                    let first = folder.path + "/first"
                    try "r0\n".write(toFile: first, atomically: false, encoding: .utf8)
                    chmod(first, 0o600)
                    let settings = [
                        "upstreams.crm.source": "refresh_token", "upstreams.crm.token_url": "http://127.0.0.1:\(authority.port)/token",
                        "upstreams.crm.client_id": "shop", "upstreams.crm.refresh_token_file": first, "upstreams.crm.allow": "loopback",
                    ]
                    for round in 1...3 {
                        try await ServerProcess.use(folder, settings) { server in
                            let connection = try await HTTPConnection.open(port: server.port)
                            let number = round == 1 ? 1 : round - 1
                            let token = try await connection.send(.GET, "/upstreams/crm/token").text
                            #expect(token.contains(#""access_token":"a\#(number)""#), "\(token)")
                            if round > 1 {
                                _ = try await connection.send(.POST, "/upstreams/crm/invalidate", body: #"{"access_token":"a\#(number)"}"#)
                                let next = try await connection.send(.GET, "/upstreams/crm/token").text
                                #expect(next.contains(#""access_token":"a\#(round)""#), "\(next)")
                            }
                            await connection.close()
                        }
                    }
                    #expect(newest.withLock { $0 } == 3)
                }
            }
        }

        /// SwiftNIO complains when somebody asks for an event loop that has ended: one time in five that was so.
        @Test func sidecarThatIsAskedToEndSaysNothingOfEventLoops() async throws {
            try await DataFolder.use { folder in
                try #"{"access_token":"a","expires_in":60}"#.write(toFile: folder.path + "/token", atomically: false, encoding: .utf8)
                let script = """
                    for round in 1 2 3 4 5 6 7 8 9 10; do
                      "$0" upstream serve --socket s --set upstreams.x.source=file --set upstreams.x.path=token --set upstreams.x.allow=loopback &
                      until curl -sf --unix-socket s localhost/upstreams/x/token; do sleep 0.02; done
                      kill $!
                      wait $!
                    done
                    """
                let outcome = try await ChildProcess.run(["/bin/sh", "-ec", script, Binary.path], in: folder)
                #expect(outcome.status == 0 && outcome.output.ranges(of: #""access_token":"a""#).count == 10, "\(outcome)")
                #expect(!outcome.complaint.contains("EventLoop") && outcome.complaint.ranges(of: "stopped").count == 10, "\(outcome.complaint)")
            }
        }

        @Test func failureEndsWithTheFirstAnswer() async throws {
            let count = Mutex(0)
            try await LoopbackServer.run { _ in
                let number = count.withLock {
                    $0 += 1; return $0
                }
                return number == 1 ? .init(503, "", headers: [("Retry-After", "1")]) : token(number)
            } _: { authority in
                try await DataFolder.use { folder in
                    try await ServerProcess.use(folder, settings(authority)) { server in
                        let connection = try await HTTPConnection.open(port: server.port)
                        var reply = try await connection.send(.GET, "/upstreams/crm/token")
                        let deadline = ContinuousClock.now + .seconds(20)
                        while reply.status == 503, ContinuousClock.now < deadline {
                            try await Task.sleep(for: .milliseconds(50))
                            reply = try await connection.send(.GET, "/upstreams/crm/token")
                        }
                        #expect(reply.text.contains("token-2"), "\(reply.text)")
                        #expect(authority.requests.count == 2, "nobody asked before the pause was over")
                        await connection.close()
                    }
                }
            }
        }
    }

    /// The section "Tokens of others" is typed from its first line to its last.
    @Suite struct ReadmeUpstreamProofTests {
        @Test func theCommandsOfTheUpstreamSectionDoWhatItSays() async throws {
            try await DataFolder.use { folder in
                let port = "\(try await Ports.free().server)"
                let section = try Readme.section("## Tokens of others")
                let start = try #require(section.range(of: "cat > upstreams.yaml")).lowerBound
                let end = try #require(section[start...].range(of: "\nkill %1\n")).upperBound
                let typed = String(section[start..<end]).replacing(".build/release/mintmark", with: Binary.path).replacing("8090", with: port)
                    // A reader waits until it is there.
                    .replacing("sleep 1", with: "until curl -s localhost:\(port)/ping; do sleep 0.1; done")
                    .replacing("kill %1", with: "kill $!")
                    .replacing("swift run --package-path Examples/UpstreamTokens UpstreamTokens", with: Binary.beside("upstream-tokens"))
                let outcome = try await ChildProcess.run(["/bin/sh", "-ec", typed], in: folder)
                #expect(outcome.status == 0, "\(outcome.complaint)")
                let text = outcome.output
                #expect(text.contains(#"{"access_token":"token-"#) && text.contains(#""expires_in":5"#), "\(text)")
                #expect(text.contains("}token-") && text.contains("fresh"), "\(text)")
                #expect(text.hasSuffix(try Readme.block("text", of: "## Tokens of others")), "\(text)")
            }
        }

        @Test func programsOfDocsUpstreamsPrintTheToken() async throws {
            let page = try String(contentsOfFile: Repository.path + "/docs/upstreams.md", encoding: .utf8)
            let languages = [
                ("sh", ["sh"], "token.sh"), ("python", ["python3"], "token.py"), ("js", ["node"], "token.js"), ("go", ["go", "run"], "token.go"),
            ]
            let settings = ["source": "exec", "command": "echo,{\"access_token\":\"token-of-docs\"\\,\"expires_in\":60}", "allow": "loopback"]
            try await DataFolder.use { folder in
                let all = Dictionary(uniqueKeysWithValues: settings.map { ("upstreams.crm.\($0.key)", $0.value) })
                try await ServerProcess.use(folder, all) { server in
                    for (language, command, file) in languages {
                        let found = try await ChildProcess.run(["/bin/sh", "-c", "command -v \(command[0])"], in: folder)
                        guard found.status == 0 else {
                            print("docs/upstreams.md: there is no \(command[0]) here, so its program was not run")
                            continue
                        }
                        let start = try #require(page.range(of: "```\(language)\n")).upperBound
                        let end = try #require(page[start...].range(of: "\n```")).lowerBound
                        let program = page[start..<end].replacing(":8080", with: ":\(server.port)")
                        try program.write(toFile: "\(folder.path)/\(file)", atomically: false, encoding: .utf8)
                        let outcome = try await ChildProcess.run(["/usr/bin/env"] + command + [file], in: folder)
                        #expect(outcome.status == 0 && outcome.output.contains("token-of-docs"), "\(language): \(outcome)")
                    }
                }
            }
        }
    }
}
