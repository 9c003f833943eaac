extension JSONReader {
    /// A number: exact when it is written as an integer and fits 64 bits, else the nearest Double with its text.
    mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        let isNegative = skip(UInt8(ascii: "-"))
        let firstDigit = position
        try skipDigits()
        // No leading zeros: "01" is not a number (RFC 8259 section 6).
        guard bytes[firstDigit] != UInt8(ascii: "0") || position == firstDigit + 1 else { throw .syntax(at: firstDigit) }
        let isInteger = try !skipFractionAndExponent()
        if isInteger, let integer = integer(firstDigit..<position, isNegative: isNegative) { return .integer(integer) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw .numberOutOfRange(at: start) }
        return .number(JSONNumber(value: value, text: text))
    }

    /// At least one digit.
    private mutating func skipDigits() throws(JSONError) {
        let start = position
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        guard position > start else { throw .syntax(at: position) }
    }

    /// False if neither was there.
    private mutating func skipFractionAndExponent() throws(JSONError) -> Bool {
        let hasFraction = skip(UInt8(ascii: "."))
        if hasFraction { try skipDigits() }
        guard skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) else { return hasFraction }
        if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
        try skipDigits()
        return true
    }

    /// Nil if it does not fit; built downwards, because the least Int64 has no positive twin.
    private func integer(_ digits: Range<Int>, isNegative: Bool) -> Int64? {
        var value: Int64 = 0
        for index in digits {
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (difference, underflowed) = product.subtractingReportingOverflow(Int64(bytes[index] - UInt8(ascii: "0")))
            if overflowed || underflowed { return nil }
            value = difference
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
