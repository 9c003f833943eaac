import Testing
import TokenClient
import TokenCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Commands that are really run.
@Suite("Tokens that a command prints")
struct ExecSourceTests {
    private func fetch(
        _ command: [String], environment: [String: String] = [:], within timeout: Duration = .seconds(20)
    ) async throws(TokenSourceError) -> IssuedToken {
        try await ExecSource(command, environment: environment).fetch(TokenFetch(name: "test", timeout: timeout))
    }

    private func text(_ token: IssuedToken) -> String { String(decoding: token.value.bytes, as: UTF8.self) }

    @Test(
        "plain JSON and the ExecCredential of kubectl's plugins",
        arguments: [
            (#"{"access_token":"a1","token_type":"bearer","expires_in":60}"#, TokenLifetime.lasting(.seconds(60))),
            (#"{"token":"a1","expires_in":"61"}"#, .lasting(.seconds(61))), (#"{"token":"a1"}"#, .unstated),
            (#"{"token":"a1","expires_at":1767225600}"#, .until(UnixTime(seconds: 1_767_225_600))),
            (#"{"token":"a1","expires_at":"2026-01-01T00:00:00Z"}"#, .until(UnixTime(seconds: 1_767_225_600))),
            (#"{"token":"a1","expires_at":"2026-01-01T01:30:00.250+01:30"}"#, .until(UnixTime(milliseconds: 1_767_225_600_250))),
            (
                #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"a1","expirationTimestamp":"2026-01-01T00:00:00Z"}}"#,
                .until(UnixTime(seconds: 1_767_225_600))
            ),
            (#"{"kind":"ExecCredential","status":{"token":"a1"}}"#, .unstated),
        ])
    func printedTokenIsRead(output: String, lifetime: TokenLifetime) async throws {
        let token = try await fetch(["printf", "%s\n", output])
        #expect(text(token) == "a1" && token.type == "Bearer" && token.lifetime == lifetime)
    }

    @Test func jwtWithoutAnEndEndsWithItsOwn() async throws {
        // {"alg":"HS256"} {"exp":1767225600} and any signature
        let token = try await fetch(["printf", "%s", #"{"token":"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NjcyMjU2MDB9.AAAA"}"#])
        #expect(token.lifetime == .until(UnixTime(seconds: 1_767_225_600)))
    }

    @Test func noShellReadsTheArguments() async throws {
        let token = try await fetch(["/usr/bin/printf", #"{"token":"%s-%s"}"#, "$HOME;id", "`id`"])
        #expect(text(token) == "$HOME;id-`id`")
    }

    @Test func environmentIsAddedToOurs() async throws {
        let token = try await fetch(["sh", "-c", #"printf '{"token":"%s:%s"}' "$CRM_USER" "${PATH:+path}""#], environment: ["CRM_USER": "u1"])
        #expect(text(token) == "u1:path")
    }

    @Test("canon 59: a command that fails is its code and its last words, without what was given to it")
    func failureIsTheLastWordOfTheCommand() async throws {
        let command = ["sh", "-c", #"echo first >&2; printf 'no such user: %s\n\n' "$SECRET" >&2; exit 3"#]
        await #expect(throws: TokenSourceError(.command(exitCode: 3, message: "no such user: Secret(…)"))) {
            try await fetch(command, environment: ["SECRET": "very-secret"])
        }
        await #expect(throws: TokenSourceError(.command(exitCode: 137, message: ""))) { try await fetch(["sh", "-c", "kill -9 $$"]) }
    }

    @Test(
        "what cannot be run is misconfigured",
        arguments: [[], [""], ["./relative"], ["no-such-command-anywhere"], ["/no/such/file"], ["/etc/passwd"]])
    func commandThatCannotBeRun(command: [String]) async throws {
        await #expect {
            try await fetch(command)
        } throws: { error in
            if case .misconfigured = (error as? TokenSourceError)?.reason { true } else { false }
        }
    }

    @Test(
        "what is printed and is no token",
        arguments: [
            "", "a1", "[]", #"{"token":""}"#, #"{"token":"a b"}"#, #"{"tokens":"a"}"#, #"{"status":{}}"#, #"{"token":"a","token_type":"mac"}"#,
            #"{"token":"a","expires_at":"tomorrow"}"#, #"{"token":"a","expires_in":-5}"#, #"{"token":"a"}{"token":"b"}"#,
        ])
    func otherOutputIsNotUnderstood(output: String) async throws {
        await #expect {
            try await fetch(["printf", "%s", output])
        } throws: { error in
            if case .notUnderstood = (error as? TokenSourceError)?.reason { true } else { false }
        }
    }

    @Test("canon 58: more than 1 MiB of output is refused, whoever prints it")
    func outputIsBounded() async throws {
        await #expect(throws: TokenSourceError(.notUnderstood("the command printed more than 1048576 bytes"))) {
            try await fetch(["sh", "-c", "exec head -c 3000000 /dev/zero"])
        }
    }

    @Test func commandThatHangsIsEndedWithItsWholeGroup() async throws {
        let clock = ContinuousClock(), begun = clock.now
        let marker = "86399.\(UInt32.random(in: 100_000...999_999))"
        await #expect(throws: TokenSourceError(.command(exitCode: 137, message: "it did not end in time"))) {
            try await fetch(["sh", "-c", "(trap '' TERM; sleep \(marker)) & sleep \(marker); wait"], within: .milliseconds(300))
        }
        #expect(clock.now - begun < .seconds(5))
        while clock.now - begun < .seconds(10), Self.isRunning(marker) { try await Task.sleep(for: .milliseconds(20)) }
        #expect(!Self.isRunning(marker))
    }

    @Test func outputHeldOpenBeyondTheEndIsNotWaitedFor() async throws {
        let clock = ContinuousClock(), begun = clock.now
        let token = try await fetch(["sh", "-c", #"sleep 30 & printf '{"token":"a1"}'"#])
        #expect(text(token) == "a1" && clock.now - begun < .seconds(10))
    }

    @Test func identityIsTheCommandAndItsEnvironment() {
        let sources = [
            ExecSource(["a"]), ExecSource(["a", "b"]), ExecSource(["b"]), ExecSource(["a", ""]), ExecSource(["a"], environment: ["b": "c"]),
            ExecSource(["a", "b=c"]), ExecSource(["a"], environment: ["b": "d"]),
        ]
        #expect(Set(sources.map(\.identity)).count == sources.count)
        #expect(!"\(ExecSource(["a", "very-secret"], environment: ["k": "very-secret"]).identity)".contains("very-secret"))
    }

    /// Whether a program with this argument runs.
    private static func isRunning(_ argument: String) -> Bool {
        guard let folder = opendir("/proc") else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
            guard Int(name) != nil, let file = fopen("/proc/\(name)/cmdline", "r") else { continue }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = fread(&bytes, 1, bytes.count, file)
            let words = bytes[..<count].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            if words.count == 2, words[1] == argument { return true }
        }
        return false
    }
}
