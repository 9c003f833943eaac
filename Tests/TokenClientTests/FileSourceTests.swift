import TestSupport
import Testing
import TokenClient
import TokenCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Files that are really written.
@Suite("Tokens in a file")
struct FileSourceTests {
    /// A file of one test, gone with it.
    private final class File: Sendable {
        let path: String
        init(_ text: String) {
            path = "/tmp/mintmark-token-\(UInt64.random(in: 0 ... .max))"
            write(text)
        }
        deinit { unlink(path) }
        func write(_ text: String) {
            guard let file = fopen(path, "w") else { return }
            fputs(text, file)
            fclose(file)
        }
    }

    private func value(_ source: FileSource, rejected: String? = nil) async throws(TokenSourceError) -> String {
        let fetch = TokenFetch(name: "test", rejected: rejected.map { Secret(Array($0.utf8)) })
        return String(decoding: try await source.fetch(fetch).value.bytes, as: UTF8.self)
    }

    @Test("the bare token, without the end of the line", arguments: ["a1", "a1\n", "a1\r\n", "a1\n\n"])
    func bareTokenIsTrimmed(text: String) async throws {
        let file = File(text)
        let token = try await FileSource(file.path, recheck: .seconds(7)).fetch(TokenFetch(name: "test"))
        #expect(token.value.bytes == Array("a1".utf8) && token.lifetime == .lasting(.seconds(7)))
    }

    @Test func jsonCountsFromWhenTheFileWasWritten() async throws {
        let file = File(#"{"access_token":"a1","expires_in":600}"#)
        var times = [timespec(tv_sec: 1_767_225_600, tv_nsec: 0), timespec(tv_sec: 1_767_225_600, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, file.path, &times, 0) == 0)
        let token = try await FileSource(file.path).fetch(TokenFetch(name: "test"))
        #expect(token.lifetime == .until(UnixTime(seconds: 1_767_226_200)))
    }

    @Test func jwtEndsWithItsOwnEnd() async throws {
        let file = File("eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NjcyMjU2MDB9.AAAA\n")
        let token = try await FileSource(file.path).fetch(TokenFetch(name: "test"))
        #expect(token.lifetime == .until(UnixTime(seconds: 1_767_225_600)))
    }

    @Test func changedFileIsReadAgain() async throws {
        let file = File("a1")
        let source = FileSource(file.path)
        #expect(try await value(source) == "a1")
        file.write("a2")
        // At most one look a second; a rejection looks at once.
        #expect(try await value(source) == "a1")
        #expect(try await value(source, rejected: "a1") == "a2")
        file.write("a3")
        try await Task.sleep(for: .milliseconds(1050))
        #expect(try await value(source) == "a3")
    }

    @Test func exchangedFileIsReadAgain() async throws {
        let file = File("a1"), other = File("b1")
        let link = "/tmp/mintmark-link-\(UInt64.random(in: 0 ... .max))"
        #expect(symlink(file.path, link) == 0)
        defer { unlink(link) }
        let source = FileSource(link)
        #expect(try await value(source) == "a1")
        #expect(symlink(other.path, link + ".new") == 0 && rename(link + ".new", link) == 0)
        #expect(try await value(source, rejected: "a1") == "b1")
    }

    @Test func rejectedTokenIsNotBroughtAgain() async throws {
        let file = File("a1")
        let source = FileSource(file.path)
        await #expect {
            try await value(source, rejected: "a1")
        } throws: { error in
            guard case .notUnderstood(let why) = (error as? TokenSourceError)?.reason else { return false }
            return why.hasSuffix("still holds the token that was not accepted")
        }
    }

    @Test("what cannot be opened is misconfigured", arguments: ["/no/such/file", "/tmp", "/dev/null"])
    func fileThatIsNone(path: String) async throws {
        await #expect {
            try await value(FileSource(path))
        } throws: { error in
            if case .misconfigured = (error as? TokenSourceError)?.reason { true } else { false }
        }
    }

    @Test(
        "canon 58: what is no token is not understood",
        arguments: ["", "\n", "a b", "a\nb", "{}", "{", #"{"token":7}"#, String(repeating: "a", count: 65_537)])
    func otherContentIsNotUnderstood(text: String) async throws {
        let file = File(text)
        await #expect {
            try await value(FileSource(file.path))
        } throws: { error in
            if case .notUnderstood = (error as? TokenSourceError)?.reason { true } else { false }
        }
    }

    @Test func pipeDoesNotHoldAnybodyUp() async throws {
        let path = "/tmp/mintmark-pipe-\(UInt64.random(in: 0 ... .max))"
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        await #expect(throws: TokenSourceError(.misconfigured("\(path) is not a file"))) { try await value(FileSource(path)) }
    }
}
