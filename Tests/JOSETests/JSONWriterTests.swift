import JOSE
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test func commasStandBetweenAndNowhereElse() {
        var json = JSONWriter()
        json.object { json in
            json.member("a", 1)
            json.name("b")
            json.array { json in
                json.value("x")
                json.null()
                json.array { _ in }
                json.object { $0.member("c", true) }
                json.value(false)
            }
            json.member("d", -5)
            json.name("e")
            json.raw(Array("{\"f\":0}".utf8))
            json.member("g", "last")
        }
        #expect(text(json.bytes) == #"{"a":1,"b":["x",null,[],{"c":true},false],"d":-5,"e":{"f":0},"g":"last"}"#)
    }

    @Test func everyScalarThatNeedsItIsEscaped() throws {
        var json = JSONWriter()
        json.value("\u{0}\u{8}\t\n\u{c}\r\u{1f}\"\\/é😀\u{7f}")
        #expect(text(json.bytes) == #""\u0000\b\t\n\f\r\u001f\"\\/é😀"# + "\u{7f}\"")
    }

    @Test func everyControlCharacterIsReadBack() throws {
        for scalar in (0...0x100).compactMap(Unicode.Scalar.init) {
            let value = JSONValue.string(String(scalar))
            #expect(try JSONValue(parsing: value.serialized) == value)
        }
    }

    @Test(arguments: [0, 1, -1, 9, 10, -10, 1_700_000_000, Int64.max, Int64.min])
    func integersAreExact(_ value: Int64) {
        var json = JSONWriter()
        json.value(value)
        #expect(text(json.bytes) == "\(value)")
    }

    @Test func numbersThatAreNotFiniteCannotBeWritten() throws {
        #expect(JSONNumber(.infinity) == nil)
        #expect(JSONNumber(.nan) == nil)
        for value in [0.1, 1e300, -2.5e-10, Double.leastNonzeroMagnitude] {
            let number = try #require(JSONNumber(value))
            guard case .number(let again) = try JSONValue(parsing: JSONValue.number(number).serialized) else {
                Issue.record("\(value)")
                continue
            }
            #expect(again.value == value)
        }
    }

    @Test func objectMembersAreReplacedInPlaceAppendedAndRemoved() {
        var object = JSONObject()
        object["a"] = .integer(1)
        object["b"] = .integer(2)
        object["a"] = .bool(true)
        object["c"] = .null
        object["b"] = nil
        #expect(text(JSONValue.object(object).serialized) == #"{"a":true,"c":null}"#)
        #expect(object.contains("c"))
        #expect(!object.contains("b"))
    }
}
