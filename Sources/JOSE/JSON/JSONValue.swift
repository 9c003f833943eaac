/// A JSON value as the strict reader gives it.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that fits 64 bits, exactly.
    case integer(Int64)
    /// Any other number.
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// Reads one value that fills the whole text, white space around it aside.
    ///
    /// - Throws: `JSONError`, with the byte offset where it applies.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        guard bytes.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
        var reader = JSONReader(bytes, depth: limits.depth)
        self = try reader.wholeText()
    }

    /// The string, if this is one.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The integer, if this is a number with an integral value that fits 64 bits; `1.0` and `1e2` count.
    public var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let number): Int64(exactly: number.value)
        default: nil
        }
    }

    /// The truth value, if this is one.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The elements, if this is an array.
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

    /// The object, if this is one.
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// The compact text of this value, members in their order.
    public var serialized: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}

/// A number that is no 64-bit integer: its value as a Double, and its text, so that nothing is lost by passing it on.
public struct JSONNumber: Sendable, Hashable {
    /// The nearest Double; always finite.
    public let value: Double
    /// The number as it was written.
    public let text: String

    /// A number for writing.
    ///
    /// - Parameter value: finite; JSON has no other numbers.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        self.init(value: value, text: value.description)
    }

    init(value: Double, text: String) {
        self.value = value
        self.text = text
    }
}
