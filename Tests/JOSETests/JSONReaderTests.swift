import JOSE
import Testing

@Suite("Strict JSON reader")
struct JSONReaderTests {
    @Test(arguments: [
        ("null", JSONValue.null), ("true", .bool(true)), ("false", .bool(false)), (" \t\r\n1 ", .integer(1)),
        ("0", .integer(0)), ("-0", .integer(0)), ("-12", .integer(-12)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\t\u00e9""#, .string("a\"\\/\u{8}\u{c}\n\r\té")),
        (#""\uD83D\uDE00""#, .string("😀")), (#""\u0000""#, .string("\u{0}")), (#""é😀""#, .string("é😀")),
        ("[]", .array([])), ("[1,[2]]", .array([.integer(1), .array([.integer(2)])])), ("{}", .object(JSONObject())),
    ])
    func valueIsRead(_ json: String, _ expected: JSONValue) throws {
        #expect(try JSONValue(parsing: utf8(json)) == expected)
    }

    @Test(arguments: ["1.5", "1.0", "1e2", "-0.0", "1E+2", "1e-2", "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890"])
    func otherNumbersKeepTheirText(_ json: String) throws {
        guard case .number(let number) = try JSONValue(parsing: utf8(json)) else {
            Issue.record("\(json) is no number")
            return
        }
        #expect(number.text == json)
        #expect(number.value == Double(json))
        #expect(text(JSONValue.number(number).serialized) == json)
    }

    @Test func integralNumbersInAnyNotationAreIntegers() throws {
        #expect(try JSONValue(parsing: utf8("1.0")).integer == 1)
        #expect(try JSONValue(parsing: utf8("1e2")).integer == 100)
        #expect(try JSONValue(parsing: utf8("1.5")).integer == nil)
        #expect(try JSONValue(parsing: utf8("1e30")).integer == nil)
    }

    @Test(arguments: [
        "", " ", "nul", "nulll", "tru", "True", "NaN", "Infinity", "undefined", "'a'", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "-", "--1",
        "0x1", "1_0", "[1,]", "[,1]", "[1 2]", "[", "]", "{", "}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,}"#, #"{a:1}"#, #"{1:1}"#,
        #"{"a":1 "b":2}"#, #"""#, #""a"#, #""\"#, #""\x""#, #""\u12""#, #""\u12G4""#, #""\U0041""#, "\"a\nb\"", "\"a\tb\"", "\"\u{1f}\"",
        "/* */1", "1//", "\u{FEFF}1", "\u{A0}1", "\u{0C}1", "1 2", "{}{}", "[1]x", "null\u{0}",
    ])
    func anythingElseIsRefused(_ json: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: utf8(json)) }
    }

    /// canon 43
    @Test(arguments: [#"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"x":{"b":0,"b":0}}"#, #"[{"":1,"":1}]"#])
    func duplicateMembersAreRefusedWhateverTheirSpelling(_ json: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: utf8(json)) }
        guard case .duplicateMember = error else {
            Issue.record("\(json): \(String(describing: error))")
            return
        }
    }

    /// canon 43: the way names are remembered changes as an object grows.
    @Test(arguments: [2, 15, 16, 17, 18, 40, 2_000])
    func duplicateIsFoundInAnObjectOfAnySize(_ count: Int) throws {
        let names = (0..<count).map { "\"n\($0)\":0" }
        let distinct = "{" + names.joined(separator: ",") + "}"
        #expect(try JSONValue(parsing: utf8(distinct)).object?.count == count)
        for repeated in [0, count / 2, count - 1] {
            let json = "{" + (names + ["\"n\(repeated)\":0"]).joined(separator: ",") + "}"
            #expect(throws: JSONError.self) { try JSONValue(parsing: utf8(json)) }
        }
    }

    @Test func namesThatDifferOnlyInNormalizationAreDifferent() throws {
        let object = try #require(try JSONValue(parsing: utf8("{\"\u{E9}\":1,\"e\u{301}\":2}")).object)
        #expect(object["\u{E9}"] == .integer(1))
        #expect(object["e\u{301}"] == .integer(2))
    }

    /// canon 43
    @Test(
        arguments: [
            [0xFF], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3], [0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func malformedUTF8IsRefused(_ bytes: [UInt8]) {
        let quote = [UInt8(ascii: "\"")]
        #expect(throws: JSONError.invalidUnicode(at: 1)) { try JSONValue(parsing: quote + bytes + quote) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: quote + utf8("\\n") + bytes + quote) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }

    /// canon 43
    @Test(arguments: [#""\uD800""#, #""\uDC00""#, #""\uD800x""#, #""\uD800\n""#, #""\uD800\uD800""#, #""\uDC00\uD800""#, #""\uD83D\u0041""#])
    func loneSurrogatesAreRefused(_ json: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: utf8(json)) }
    }

    @Test(arguments: ["1e999", "-1e999"])
    func numberBeyondADoubleIsRefused(_ json: String) {
        #expect(throws: JSONError.numberOutOfRange(at: 0)) { try JSONValue(parsing: utf8(json)) }
    }

    /// canon 43
    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
    func nestingIsBounded(_ open: String, _ close: String) throws {
        func nested(_ depth: Int) -> [UInt8] {
            utf8(String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth))
        }
        _ = try JSONValue(parsing: nested(16))
        #expect(throws: JSONError.tooDeep(limit: 16)) { try JSONValue(parsing: nested(17)) }
        #expect(throws: JSONError.tooDeep(limit: 16)) { try JSONValue(parsing: utf8(String(repeating: open, count: 10_000))) }
        _ = try JSONValue(parsing: nested(3), limits: JSONLimits(depth: 3))
        #expect(throws: JSONError.tooDeep(limit: 3)) { try JSONValue(parsing: nested(4), limits: JSONLimits(depth: 3)) }
    }

    @Test func siblingsDoNotCountAsDepth() throws {
        let json = "[" + repeatElement("[[]]", count: 100).joined(separator: ",") + "]"
        #expect(try JSONValue(parsing: utf8(json), limits: JSONLimits(depth: 3)).array?.count == 100)
    }

    /// canon 43
    @Test func sizeIsBounded() throws {
        let limits = JSONLimits(bytes: 10)
        _ = try JSONValue(parsing: utf8(#""12345678""#), limits: limits)
        #expect(throws: JSONError.tooLarge(limit: 10)) { try JSONValue(parsing: utf8(#""123456789""#), limits: limits) }
    }

    @Test func offsetNamesTheOffendingByte() {
        #expect(throws: JSONError.syntax(at: 5)) { try JSONValue(parsing: utf8(#"{"a":x}"#)) }
        #expect(throws: JSONError.duplicateMember(at: 7)) { try JSONValue(parsing: utf8(#"{"a":1,"a":1}"#)) }
        #expect(throws: JSONError.trailingBytes(at: 2)) { try JSONValue(parsing: utf8("1 x")) }
    }
}
