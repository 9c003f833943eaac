import NIOCore
import Testing
import Valkey

@testable import ValkeyStore

@Suite struct WordsTests {
    @Test func wordsKeepTheirBytesAndTheirPlaces() {
        // Less room than they need.
        var words = Words(count: 1, bytes: 1)
        words.append("key")
        words.append("")
        words.append(0x0102 as UInt16)
        words.append([7, 0])
        words.append(ValkeyKey("name"))
        words.append { $0.writeString("written") }
        let (keys, arguments) = words.split(after: 2)
        #expect(keys == ["key", ""])
        #expect(arguments == [ValkeyKey([1, 2]), ValkeyKey([7, 0]), "name", "written"])
    }
}
