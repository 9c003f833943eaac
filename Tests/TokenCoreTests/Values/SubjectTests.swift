import Testing
import TokenCore

@Suite struct SubjectTests {
    @Test func integerAndItsTextAreOneSubject() throws {
        let number = try #require(Subject(integer: 1))
        let text = try #require(Subject(text: "1"))
        #expect(number == text && number.hashValue == text.hashValue && Set([number, text]).count == 1)
        #expect(number.isInteger && !text.isInteger, "each gets back what it gave")
        #expect(number.text == "1")
        #expect(Subject(text: "01") != text)
    }

    @Test func equalityIsOfBytesNotOfCanonicalEquivalence() throws {
        let composed = try #require(Subject(text: "\u{e9}"))
        let decomposed = try #require(Subject(text: "e\u{301}"))
        #expect(composed.text == decomposed.text, "Swift calls these texts equal")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect([composed: 1][decomposed] == nil)
    }

    @Test func boundsAreThoseOfBytes() {
        #expect(Subject(text: "") == nil)
        #expect(Subject(text: String(repeating: "a", count: 255)) != nil)
        #expect(Subject(text: String(repeating: "a", count: 256)) == nil)
        #expect(Subject(text: String(repeating: "é", count: 127)) != nil)
        #expect(Subject(text: String(repeating: "é", count: 128)) == nil)
        #expect(Subject(integer: 0)?.text == "0")
        #expect(Subject(integer: -1) == nil)
        #expect(Subject(integer: 9_007_199_254_740_991)?.text == "9007199254740991")
        #expect(Subject(integer: 9_007_199_254_740_992) == nil)
        #expect(Subject(integer: .max) == nil && Subject(integer: .min) == nil)
    }
}

@Suite struct IdentifierTests {
    @Test func clientIDsAreVisibleASCIIWithoutAColon() {
        #expect(ClientID("a")?.text == "a")
        #expect(ClientID(String(repeating: "x", count: 64)) != nil)
        for text in ["", String(repeating: "x", count: 65), "a b", "a:b", "é", "a\n", "a\u{7f}", "\u{0}"] {
            #expect(ClientID(text) == nil, "\(text)")
        }
    }

    @Test func keyIDsAreBounded() {
        #expect(KeyID("") == nil)
        #expect(KeyID(String(repeating: "k", count: 128)) != nil)
        #expect(KeyID(String(repeating: "k", count: 129)) == nil)
    }
}
