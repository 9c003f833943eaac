import NIOCore
import Testing

@testable import Valkey

/// A reply is read as what it is, and as what was asked for.
@Suite("Replies become values")
struct RESPTokenTests {
    @Test func everyTypeHasItsValue() {
        #expect(reply("+OK|").value == .simpleString(ByteBuffer(string: "OK")))
        #expect(reply("-ERR no|").errorString == ByteBuffer(string: "ERR no"))
        #expect(reply("!6|ERR no|").errorString == ByteBuffer(string: "ERR no"))
        #expect(reply(":-42|").value == .number(-42))
        #expect(reply("$2|hi|").value == .bulkString(ByteBuffer(string: "hi")))
        #expect(reply("=6|txt:hi|").value == .verbatimString(ByteBuffer(string: "hi")))
        #expect(reply(",-0.5|").value == .double(-0.5))
        #expect(reply("#f|").value == .boolean(false))
        #expect(reply("(99999999999999999999|").value == .bigNumber(ByteBuffer(string: "99999999999999999999")))
        for null in ["_|", "$-1|", "*-1|"] { #expect(reply(null).value == .null) }
    }

    @Test func elementsAreWalkedInTheirOrder() throws {
        let nested = reply("*3|*2|+a|%1|+k|$1|v|:2|~1|_|")
        let parts = try #require(nested.elements.map(Array.init))
        #expect(parts.map(\.description) == ["[+a, {+k: 1 bytes}]", "2", "[null]"])
    }

    @Test func attributesAreDroppedWhereverTheyStand() throws {
        let token = reply("^1|+a|*1|:0|*2|:1|^2|+k|_|+l|_|%1|+x|^1|+y|:9|:2|")
        #expect(try token.decode(as: [RESPToken].self)[0].value == .number(1))
        #expect(try token.decode(as: [RESPToken].self)[1].decode(as: [String: Int].self) == ["x": 2])
    }

    @Test func valuesAreDecodedFromEitherProtocol() throws {
        #expect(try reply("$2|42|").decode(as: Int.self) == 42)
        #expect(try reply("*4|+a|:1|+b|:2|").decode(as: [String: Int].self) == ["a": 1, "b": 2])
        #expect(try reply("%1|+a|:1|").decode(as: [String: Int].self) == ["a": 1])
        #expect(try reply("*2|$1|a|_|").decode(as: [String?].self) == ["a", nil])
        #expect(try reply(":1|").decode(as: Bool.self))
        #expect(try reply("$3|1.5|").decode(as: Double.self) == 1.5)
    }

    @Test func whatIsSomethingElseIsRefusedWithoutShowingIt() throws {
        let error = try #require(throws: RESPDecodeError.self) { try reply("*1|$6|secret|").decode(as: Int.self) }
        #expect(error.found == "[6 bytes]")
        #expect(throws: RESPDecodeError.self) { try reply("-ERR|").decode(as: String.self) }
        #expect(throws: RESPDecodeError.self) { try reply("*3|+a|+b|+c|").decode(as: [String: String].self) }
    }

    @Test func streamsAreReadFromEitherProtocol() throws {
        let entry = "*2|$3|1-0|*2|+f|$1|v|"
        for text in ["%1|$1|s|*1|\(entry)", "*1|*2|$1|s|*1|\(entry)"] {
            let response = try reply(text).decode(as: XREADResponse.self)
            #expect(response.streams["s"]?.first?["f"] == ByteBuffer(string: "v"))
        }
        #expect(try reply("_|").decode(as: XREADResponse.self).streams.isEmpty)
    }

    @Test func commandsAreArraysOfBulkStrings() {
        var encoder = ValkeyCommandEncoder()
        SET("k", value: ByteBuffer(string: "0123456789"), condition: .nx, milliseconds: 5).encode(into: &encoder)
        #expect(encoder.buffer.text == "*6|$3|SET|$1|k|$10|0123456789|$2|NX|$2|PX|$1|5|")
        encoder = ValkeyCommandEncoder()
        XREAD([("a", "0"), ("b", "$")], count: 2, block: .milliseconds(1500)).encode(into: &encoder)
        #expect(encoder.buffer.text == "*10|$5|XREAD|$5|COUNT|$1|2|$5|BLOCK|$4|1500|$7|STREAMS|$1|a|$1|b|$1|0|$1|$|")
    }
}
