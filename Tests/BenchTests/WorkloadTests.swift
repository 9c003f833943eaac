import NIOCore
import Testing

@testable import mintmark_bench

@Suite struct WorkloadTests {
    private func table(_ tokens: [String]) -> TokenTable {
        var table = TokenTable(longest: 16)
        for token in tokens { #expect(Array(token.utf8).withUnsafeBytes { table.append($0) }) }
        return table
    }

    private func answer(_ workload: inout some Workload, _ ask: Ask, _ status: Int, _ body: String) -> Bool {
        Array(body.utf8).withUnsafeBytes { workload.accept(status: status, body: $0, to: ask) }
    }

    @Test func everyRefreshTokenIsSentOnceAndItsSuccessorAfterTheOthers() throws {
        var refresh = Refresh(self.table(["a1", "b1"]))
        var sent = ByteBuffer()
        let first = try #require(refresh.next(for: 0, into: &sent))
        #expect(String(buffer: sent).hasSuffix("Content-Length: 16\r\n\r\n{\"refresh\":\"a1\"}"))
        #expect(self.answer(&refresh, first, 200, #"{"access":"x","refresh":"a2"}"#))
        for expected in ["b1", "a2"] {
            sent.clear()
            _ = refresh.next(for: 0, into: &sent)
            #expect(String(buffer: sent).hasSuffix("{\"refresh\":\"\(expected)\"}"))
        }
        #expect(refresh.next(for: 0, into: &sent) == nil, "both are on their way")
    }

    @Test func aRefreshThatWasRefusedIsNotTriedAgain() throws {
        var refresh = Refresh(self.table(["a1"]))
        var sent = ByteBuffer()
        let ask = try #require(refresh.next(for: 0, into: &sent))
        #expect(!self.answer(&refresh, ask, 401, #"{"error":"invalid_grant"}"#))
        #expect(refresh.next(for: 0, into: &sent) == nil)
    }

    @Test func onlyTheTokenItselfIsAnAnswer() throws {
        var asked = UpstreamToken(of: "crm", is: "abc")
        var sent = ByteBuffer()
        let ask = try #require(asked.next(for: 0, into: &sent))
        #expect(String(buffer: sent).hasPrefix("GET /upstreams/crm/token HTTP/1.1\r\n"))
        #expect(self.answer(&asked, ask, 200, #"{"access_token":"abc","token_type":"Bearer"}"#))
        for (status, body) in [(200, #"{"access_token":"abd"}"#), (503, #"{"access_token":"abc"}"#), (200, "{}")] {
            #expect(!self.answer(&asked, ask, status, body))
        }
    }

    @Test func tokensThatAreUsedOnceEndTheRun() {
        var authenticate = Authenticate(self.table(["a", "b"]), once: true)
        var sent = ByteBuffer()
        #expect(authenticate.next(for: 0, into: &sent) != nil)
        #expect(authenticate.next(for: 1, into: &sent) != nil)
        #expect(authenticate.next(for: 0, into: &sent) == nil)
        #expect(String(buffer: sent).contains("Bearer a\r\n") && String(buffer: sent).contains("Bearer b\r\n"))
    }

    @Test func loginsCountUpAndKeepWhatWasAskedFor() throws {
        var login = Login(from: 9, keepEvery: 2)
        var sent = ByteBuffer()
        for user in 9...12 {
            sent.clear()
            let ask = try #require(login.next(for: 0, into: &sent))
            let body = "{\"user_id\":\(user)}"
            #expect(String(buffer: sent).hasSuffix("Content-Length: \(body.utf8.count)\r\n\r\n\(body)"))
            #expect(self.answer(&login, ask, 200, #"{"access":"A\#(user)","refresh":"R\#(user)"}"#))
        }
        #expect(login.access.count == 2)
        #expect(login.access[1] == Array("A12".utf8))
        #expect(login.refresh[0] == Array("R10".utf8))
    }

    @Test func aLoginWithoutTokensIsAFailure() {
        var login = Login(from: 1, keepEvery: 1)
        #expect(!self.answer(&login, Ask(kind: 0), 200, "{}"))
        #expect(!self.answer(&login, Ask(kind: 0), 503, #"{"access":"A","refresh":"R"}"#))
    }

    @Test func everyForgedTokenIsAnotherOneAndOnlyItsSignatureDiffers() throws {
        let genuine = "eyJh.eyJi." + String(repeating: "s", count: 86)
        var tokens = TokenTable(longest: 128)
        #expect(Array(genuine.utf8).withUnsafeBytes { tokens.append($0) })
        var flood = Flood(tokens)
        var honest = ByteBuffer()
        #expect(flood.next(for: 1, into: &honest)?.kind == 0)
        #expect(String(buffer: honest).contains(genuine))
        var seen: Set<String> = []
        for _ in 0..<1000 {
            var sent = ByteBuffer()
            #expect(try #require(flood.next(for: 0, into: &sent)).kind == 1)
            let text = String(buffer: sent)
            #expect(text.contains("Bearer eyJh.eyJi.s") && !text.contains(genuine))
            #expect(text.utf8.count == honest.readableBytes)
            seen.insert(text)
        }
        #expect(seen.count == 1000)
    }

    @Test(arguments: [
        (#"{"refresh":"abc"}"#, "abc"), (#"{"refresh_x":"no","refresh": "abc","z":1}"#, "abc"),
        (#"{"x":"refresh","refresh":"abc"}"#, "abc"), (#"{"refresh":7}"#, nil), (#"{"refresh":"abc"#, nil), ("", nil),
    ])
    func aMemberIsFoundByItsWholeName(_ body: String, _ expected: String?) {
        let found = Array(body.utf8).withUnsafeBytes { bytes in
            ReplyField.find("refresh", in: bytes).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(found == expected)
    }

    @Test func thePortIsReadFromTheServersLine() {
        #expect(TestServer.publicPort(in: #"noise\#n{"public":"127.0.0.1:4711","admin":"127.0.0.1:4712"}"#) == 4711)
        #expect(TestServer.publicPort(in: #"{"public":"127.0.0.1:47"#) == nil, "the line is not whole yet")
        #expect(TestServer.publicPort(in: "starting") == nil)
    }
}
