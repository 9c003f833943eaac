import NIOCore
import Testing

@testable import Valkey

/// What goes over the wire, written in one piece for each argument.
@Suite struct CommandEncoderTests {
    @Test(arguments: [0, 1, 9, 10, 99, 100, 101, 999, 1000, 12_345, 100_000])
    func everyLengthIsWrittenWithAllItsDigits(_ length: Int) {
        let text = String(repeating: "x", count: length)
        var encoder = ValkeyCommandEncoder()
        encoder.encodeBulkString(text)
        encoder.encodeBulkString(ByteBuffer(string: text))
        encoder.encodeBulkString(Array(text.utf8))
        encoder.encodeBulkString(text.utf8.lazy.map { $0 })
        #expect(String(buffer: encoder.buffer) == String(repeating: "$\(length)\r\n\(text)\r\n", count: 4))
    }

    @Test func aCallOfAScriptIsOneArray() {
        let script = ValkeyScript("return 1", digest: "abc")
        var encoder = ValkeyCommandEncoder()
        script(keys: ["k", "l"], arguments: ["", "v"]).encode(into: &encoder)
        let words = ["EVALSHA", "abc", "2", "k", "l", "", "v"]
        #expect(String(buffer: encoder.buffer) == "*7\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined())
    }
}
