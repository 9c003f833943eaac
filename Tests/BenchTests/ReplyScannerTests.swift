import Testing

@testable import mintmark_bench

@Suite struct ReplyScannerTests {
    private static let hello = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\nhello"

    private func scan(_ text: String) -> ReplyScanner.Result {
        self.scan(text.utf8)
    }

    /// Bytes, because a carriage return and its line feed are one character of a string.
    private func scan(_ bytes: some Sequence<UInt8>) -> ReplyScanner.Result {
        Array(bytes).withUnsafeBytes { ReplyScanner.scan($0) }
    }

    @Test(arguments: [hello, "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\nCONTENT-LENGTH:0\r\n\r\n"])
    func cutAnywhereItIsIncompleteAndWholeItIsAReply(_ reply: String) {
        for length in 0..<reply.utf8.count {
            #expect(self.scan(reply.utf8.prefix(length)) == .incomplete, "cut after \(length) bytes")
        }
        guard case .reply(_, let body, _) = self.scan(reply) else { return #expect(Bool(false), "no reply") }
        #expect(body.upperBound == reply.utf8.count)
    }

    @Test func statusAndBodyAreFoundWhateverFollows() {
        let length = Self.hello.utf8.count
        let expected = ReplyScanner.Result.reply(status: 200, body: (length - 5)..<length, closes: false)
        #expect(self.scan(Self.hello) == expected)
        #expect(self.scan(Self.hello + Self.hello) == expected)
        #expect(self.scan(Self.hello + "HTT") == expected)
    }

    @Test func aServerThatClosesIsNoticed() {
        for (value, closes) in [("close", true), ("Close", true), ("keep-alive", false)] {
            let reply = "HTTP/1.1 503 Busy\r\nConnection: \(value)\r\ncontent-length: 0\r\n\r\n"
            #expect(self.scan(reply) == .reply(status: 503, body: reply.utf8.count..<reply.utf8.count, closes: closes))
        }
    }

    @Test func aReplyWithoutContentIsWholeAtTheEmptyLine() {
        let reply = "HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n"
        #expect(self.scan(reply) == .reply(status: 204, body: reply.utf8.count..<reply.utf8.count, closes: false))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTQ/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "\r\n\r\n",
    ])
    func whatIsNoPlainReplyIsMalformed(_ reply: String) {
        #expect(self.scan(reply) == .malformed)
    }

    @Test func aHeadWithoutEndIsMalformedAtItsBound() {
        let head = "HTTP/1.1 200 OK\r\nx: "
        #expect(self.scan(head + String(repeating: "y", count: 100)) == .incomplete)
        #expect(self.scan(head + String(repeating: "y", count: ReplyScanner.longestHead)) == .malformed)
    }
}
