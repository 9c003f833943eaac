extension JSONReader {
    /// A string with its quotes; escapes resolved, well-formed UTF-8 throughout.
    mutating func string() throws(JSONError) -> String {
        try expect(UInt8(ascii: "\""))
        let start = position
        try skipPlainBytes()
        if skip(UInt8(ascii: "\"")) {
            return try text(bytes[start..<position - 1], from: start)
        }
        var resolved = Array(bytes[start..<position])
        while !skip(UInt8(ascii: "\"")) {
            try expect(UInt8(ascii: "\\"))
            try appendEscape(to: &resolved)
            let run = position
            try skipPlainBytes()
            resolved.append(contentsOf: bytes[run..<position])
        }
        return try text(resolved[...], from: start)
    }

    /// Stops at the next quote or backslash.
    private mutating func skipPlainBytes() throws(JSONError) {
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            guard byte >= 0x20 else { throw .syntax(at: position) }
            position += 1
        }
        throw .syntax(at: position)
    }

    private func text(_ utf8: ArraySlice<UInt8>, from start: Int) throws(JSONError) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else { throw .invalidUnicode(at: start) }
        return text
    }

    private mutating func appendEscape(to resolved: inout [UInt8]) throws(JSONError) {
        guard let letter = peek else { throw .syntax(at: position) }
        let start = position - 1
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): resolved.append(letter)
        case UInt8(ascii: "b"): resolved.append(0x08)
        case UInt8(ascii: "f"): resolved.append(0x0C)
        case UInt8(ascii: "n"): resolved.append(0x0A)
        case UInt8(ascii: "r"): resolved.append(0x0D)
        case UInt8(ascii: "t"): resolved.append(0x09)
        case UInt8(ascii: "u"):
            guard let scalar = Unicode.Scalar(try codePoint()) else { throw .invalidUnicode(at: start) }
            resolved.append(contentsOf: scalar.utf8)
        default: throw .syntax(at: position - 1)
        }
    }

    /// The code point of `\u`: one unit, or a high and a low surrogate. A lone surrogate comes back as it is.
    private mutating func codePoint() throws(JSONError) -> UInt32 {
        let first = try fourHexDigits()
        guard 0xD800...0xDBFF ~= first, peek == UInt8(ascii: "\\") else { return first }
        position += 1
        try expect(UInt8(ascii: "u"))
        let second = try fourHexDigits()
        guard 0xDC00...0xDFFF ~= second else { return first }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw .syntax(at: position) }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Self.hexDigit(bytes[position]) else { throw .syntax(at: position) }
            value = value << 4 | digit
            position += 1
        }
        return value
    }

    private static func hexDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
