import Foundation
import NIOCore
import Testing

@testable import Valkey

/// What a server sends is cut into replies, however it arrives.
@Suite("Replies are cut from bytes")
struct RESPDecoderTests {
    /// One of each type, nested and with attributes.
    private static let stream = [
        "+OK\r\n", "-ERR no\r\n", ":-42\r\n", "$5\r\nhe\r\no\r\n", "$0\r\n\r\n", "$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n", ",3.5\r\n", ",inf\r\n",
        "(12345678901234567890123\r\n", "!5\r\nERR x\r\n", "=7\r\ntxt:abc\r\n", "*0\r\n", "*3\r\n:1\r\n*1\r\n+a\r\n$1\r\nb\r\n",
        "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n", "~1\r\n+x\r\n", ">2\r\n+message\r\n$1\r\nm\r\n", "|1\r\n+ttl\r\n:9\r\n*1\r\n|1\r\n+a\r\n_\r\n:7\r\n",
    ]

    @Test func bytesMayBeCutAtEveryPosition() throws {
        let whole = Self.stream.joined()
        for cut in 0...whole.utf8.count {
            #expect(try decode([Array(whole.utf8.prefix(cut)), Array(whole.utf8.dropFirst(cut))]) == Self.stream)
        }
    }

    @Test func bytesMayComeOneByOne() throws {
        #expect(try decode(Self.stream.joined().utf8.map { [$0] }) == Self.stream)
    }

    @Test func halfAReplyIsNone() throws {
        for text in Self.stream {
            for length in 0..<text.utf8.count {
                var buffer = ByteBuffer(bytes: text.utf8.prefix(length))
                #expect(try RESPToken(consuming: &buffer) == nil)
                #expect(buffer.readableBytes == length)
            }
        }
    }

    private func decode(_ pieces: [[UInt8]]) throws -> [String] {
        var decoder = RESPDecoder()
        var tokens: [String] = []
        for piece in pieces {
            decoder.append(ByteBuffer(bytes: piece))
            while let token = try decoder.next() { tokens.append(String(buffer: token.bytes)) }
        }
        #expect(decoder.unreadBytes == 0)
        return tokens
    }

    @Test(arguments: [
        ("?x|", RESPParsingError.unknownType(63)), ("$?|", .malformed), ("$+1|", .malformed), ("$01|a|", .malformed), ("$-2|", .malformed),
        ("$1|ab|", .malformed), (":|", .malformed), (":1a|", .malformed), (":9223372036854775808|", .malformed), ("#x|", .malformed),
        ("_x|", .malformed),
        (",1.2.3|", .malformed), ("(1e5|", .malformed), ("=3|abc|", .malformed), ("*1|>1|+a|", .malformed), ("%-1|", .malformed), ("\n", .malformed),
    ])
    func whatIsNotRESPIsRefused(text: String, error: RESPParsingError) {
        #expect(throws: error) {
            var buffer = bytes(text)
            _ = try RESPToken(consuming: &buffer)
        }
    }

    @Test func boundsAreKeptBeforeTheBytesHaveCome() {
        let limits = RESPLimits(depth: 2, elements: 4, bulkBytes: 10, lineBytes: 8, replyBytes: 30)
        func scan(_ text: String) throws(RESPParsingError) -> Int? {
            var scanner = RESPScanner(limits: limits)
            return try scanner.scan(bytes(text).readableBytesView)
        }
        #expect(throws: RESPParsingError.tooDeep(limit: 2)) { try scan("*1|*1|*1|") }
        #expect(throws: RESPParsingError.tooManyElements(limit: 4)) { try scan("*5|") }
        #expect(throws: RESPParsingError.tooManyElements(limit: 4)) { try scan("%3|") }
        #expect(throws: RESPParsingError.tooLong(limit: 10)) { try scan("$11|") }
        #expect(throws: RESPParsingError.tooLong(limit: 8)) { try scan("+123456789") }
        #expect(throws: RESPParsingError.tooLong(limit: 8)) { try scan("+123456789|") }
        #expect(throws: RESPParsingError.tooLong(limit: 30)) { try scan("*3|$10|0123456789|$10|") }
        #expect(throws: Never.self) { try scan("*2|*2|:1|:2|$4|0123|") }
    }

    /// What the fuzz target asks of any bytes, asked of real replies with a few bytes changed.
    @Test func changedBytesAreRefusedOrReadAlike() {
        var state: UInt64 = 20_261_121
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let marks = Array("+-:$*_#,(!=%~>|0123456789\r\n?ax".utf8)
        for _ in 0..<2000 {
            var bytes = Array((0...draw(3)).map { _ in Self.stream[draw(Self.stream.count)] }.joined().utf8)
            for _ in 0...draw(3) { bytes[draw(bytes.count)] = marks[draw(marks.count)] }
            var whole = ByteBuffer(bytes: bytes)
            var expected: [RESPToken] = []
            while let token = try? RESPToken(consuming: &whole) { expected.append(token) }
            var decoder = RESPDecoder()
            var found: [RESPToken] = []
            for byte in bytes.dropLast(whole.readableBytes) {
                decoder.append(ByteBuffer(bytes: [byte]))
                while let token = try? decoder.next() { found.append(token) }
            }
            if found != expected || found.contains(where: \.description.isEmpty) { Issue.record("\(bytes)") }
        }
    }

    @Test func aLongLineIsSearchedOnce() throws {
        // Quadratic work over 40 KB that come byte by byte would be a billion steps.
        var decoder = RESPDecoder(limits: RESPLimits(lineBytes: 1 << 16))
        decoder.append(ByteBuffer(string: "+"))
        let byte = ByteBuffer(string: "a")
        for _ in 0..<40_000 {
            decoder.append(byte)
            if try decoder.next() != nil { Issue.record("a reply before its end") }
        }
        decoder.append(ByteBuffer(string: "\r\n"))
        #expect(try decoder.next()?.string?.readableBytes == 40_000)
    }
}

/// Replays every input that the fuzz target ever failed on, and a few that look as if one could.
@Suite("Replies that failed once")
struct RESPFailCasesTests {
    private static func files() throws -> [URL] {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "FailCases")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        try #require(files.count > 10)
        return files
    }

    @Test(arguments: try files())
    func theyAreRefusedOrReadWhole(_ file: URL) throws {
        let data = [UInt8](try Data(contentsOf: file))
        var whole = ByteBuffer(bytes: data)
        let expected: RESPToken?
        do { expected = try RESPToken(consuming: &whole) } catch {
            #expect(throws: error) {
                var again = ByteBuffer(bytes: data)
                _ = try RESPToken(consuming: &again)
            }
            return
        }
        var decoder = RESPDecoder()
        for byte in data.dropLast(whole.readableBytes) { decoder.append(ByteBuffer(bytes: [byte])) }
        #expect(try decoder.next() == expected)
        #expect(expected.map { !$0.description.isEmpty } ?? true)
    }
}
