/// A recursive-descent reader over one text; what it accepts is RFC 8259 with unique names and well-formed Unicode.
struct JSONReader {
    let bytes: [UInt8]
    var position = 0
    private var remainingDepth: Int
    private let depth: Int

    init(_ bytes: [UInt8], depth: Int) {
        self.bytes = bytes
        self.depth = depth
        self.remainingDepth = depth
    }

    /// One value, and nothing but white space around it.
    mutating func wholeText() throws(JSONError) -> JSONValue {
        skipWhiteSpace()
        let value = try value()
        skipWhiteSpace()
        guard position == bytes.count else { throw .trailingBytes(at: position) }
        return value
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        switch peek {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try nested { reader throws(JSONError) in .object(try reader.object()) }
        case UInt8(ascii: "["): return try nested { reader throws(JSONError) in .array(try reader.array()) }
        case UInt8(ascii: "t"): return try word("true", as: .bool(true))
        case UInt8(ascii: "f"): return try word("false", as: .bool(false))
        case UInt8(ascii: "n"): return try word("null", as: .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONReader) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        guard remainingDepth > 0 else { throw .tooDeep(limit: depth) }
        remainingDepth -= 1
        let value = try body(&self)
        remainingDepth += 1
        return value
    }

    private mutating func object() throws(JSONError) -> JSONObject {
        position += 1
        skipWhiteSpace()
        if skip(UInt8(ascii: "}")) { return JSONObject() }
        var members: [JSONObject.Member] = []
        var names = MemberNames()
        while true {
            let start = position
            let name = try string()
            guard names.insert(name, beside: members) else { throw .duplicateMember(at: start) }
            skipWhiteSpace()
            try expect(UInt8(ascii: ":"))
            skipWhiteSpace()
            members.append(JSONObject.Member(name: name, value: try value()))
            skipWhiteSpace()
            if skip(UInt8(ascii: "}")) { return JSONObject(unique: members) }
            try expect(UInt8(ascii: ","))
            skipWhiteSpace()
        }
    }

    private mutating func array() throws(JSONError) -> [JSONValue] {
        position += 1
        skipWhiteSpace()
        if skip(UInt8(ascii: "]")) { return [] }
        var elements: [JSONValue] = []
        while true {
            elements.append(try value())
            skipWhiteSpace()
            if skip(UInt8(ascii: "]")) { return elements }
            try expect(UInt8(ascii: ","))
            skipWhiteSpace()
        }
    }

    private mutating func word(_ word: StaticString, as value: JSONValue) throws(JSONError) -> JSONValue {
        let matches = word.withUTF8Buffer { bytes.dropFirst(position).starts(with: $0) }
        guard matches else { throw .syntax(at: position) }
        position += word.utf8CodeUnitCount
        return value
    }
}

extension JSONReader {
    /// The next byte, or nil at the end.
    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipWhiteSpace() {
        while position < bytes.count, bytes[position] <= 0x20 {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// Takes the byte if it is next.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard skip(byte) else { throw .syntax(at: position) }
    }
}

/// Notices a repeated name: by comparing while there are few, by hashing from then on, so that an object of many
/// members costs no quadratic time.
private struct MemberNames {
    private static let few = 16
    private var seen: Set<ExactText> = []

    mutating func insert(_ name: String, beside members: [JSONObject.Member]) -> Bool {
        if members.count < Self.few { return !members.contains { $0.name.hasSameBytes(as: name) } }
        if seen.isEmpty { for member in members { seen.insert(ExactText(text: member.name)) } }
        return seen.insert(ExactText(text: name)).inserted
    }
}
