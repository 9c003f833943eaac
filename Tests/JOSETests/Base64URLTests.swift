import JOSE
import Testing

@Suite("Base64url")
struct Base64URLTests {
    /// RFC 4648 section 10, in the URL alphabet and without padding.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ])
    func textIsEncodedAndDecoded(_ plain: String, _ encoded: String) throws {
        #expect(Base64URL.string(utf8(plain)) == encoded)
        #expect(try Base64URL.decode(encoded) == utf8(plain))
        #expect(Base64URL.encodedCount(plain.utf8.count) == encoded.utf8.count)
    }

    @Test func everyByteSurvivesAtEveryLength() throws {
        let bytes = (0...255).map(UInt8.init)
        for length in 0...256 {
            let part = Array(bytes.suffix(length))
            #expect(try Base64URL.decode(Base64URL.encode(part)) == part)
        }
    }

    @Test func encodingIsAppendedToWhatIsThere() {
        var output = utf8("header.")
        Base64URL.append(utf8("foo"), to: &output)
        #expect(text(output) == "header.Zm9v")
    }

    /// canon 43
    @Test(arguments: [
        "Z", "Zm9vY", "Zg==", "Zg=", "=", "Zm9 v", " Zm9v", "Zm9v\n", "Zm9v\r\n", "Zm+v", "Zm/v", "Zm9v.", "Zm9\u{0}", "Zm9é", "Zm9\u{7F}",
    ])
    func anythingButTheAlphabetIsRefused(_ encoded: String) {
        #expect(throws: JOSEError.malformedBase64URL) { try Base64URL.decode(encoded) }
    }

    /// canon 43: the last character has bits that encode nothing, and they must be zero.
    @Test func looseBitsAreRefused() throws {
        let alphabet = utf8("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let oneByte = alphabet.filter { (try? Base64URL.decode([UInt8(ascii: "Z"), $0])) != nil }
        #expect(text(oneByte) == "AQgw")
        let twoBytes = alphabet.filter { (try? Base64URL.decode([UInt8(ascii: "Z"), UInt8(ascii: "m"), $0])) != nil }
        #expect(text(twoBytes) == "AEIMQUYcgkosw048")
    }

    /// canon 43: one byte string has one spelling.
    @Test func exactlyTheAlphabetIsAccepted() {
        let accepted = (0...255).map(UInt8.init).filter { (try? Base64URL.decode([$0, $0, $0, $0])) != nil }
        #expect(text(accepted) == "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
    }

    @Test func partOfATextIsDecodedInPlace() throws {
        #expect(try Base64URL.decode(utf8("!Zm9v!"), in: 1..<5) == utf8("foo"))
        #expect(throws: JOSEError.malformedBase64URL) { try Base64URL.decode(utf8("!Zm9v!"), in: 2..<6) }
    }
}
