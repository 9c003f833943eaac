import NIOCore

/// Numbers as RESP writes them: strictly, so that every reader agrees on them.
enum RESPNumber {
    /// A length: digits without a sign or a leading zero, at most ten of them.
    static func count(_ text: ByteBufferView.SubSequence) -> Int? {
        guard (1...10).contains(text.count), text.first != UInt8(ascii: "0") || text.count == 1 else { return nil }
        var value = 0
        for byte in text {
            guard isDigit(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// The length of what RESP 2 calls a null.
    static func isMinusOne(_ text: ByteBufferView.SubSequence) -> Bool { text.elementsEqual("-1".utf8) }

    /// A number of 64 bits.
    static func integer(_ text: some Collection<UInt8>) -> Int64? {
        guard (1...20).contains(text.count), text.allSatisfy({ isDigit($0) || isSign($0) }) else { return nil }
        return Int64(String(decoding: text, as: UTF8.self))
    }

    /// A floating-point number, `inf`, `-inf` or `nan`.
    static func double(_ text: some Collection<UInt8>) -> Double? {
        guard (1...64).contains(text.count) else { return nil }
        let word = String(decoding: text, as: UTF8.self)
        if ["inf", "+inf", "-inf", "nan", "-nan"].contains(word) { return Double(word) }
        guard text.allSatisfy({ isDigit($0) || isSign($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") })
        else { return nil }
        return Double(word)
    }

    /// Whether the text is a value of the type.
    static func isWellFormed(_ text: ByteBufferView.SubSequence, as type: RESPTypeIdentifier) -> Bool {
        switch type {
        case .integer: integer(text) != nil
        case .double: double(text) != nil
        case .boolean: text.count == 1 && (text.first == UInt8(ascii: "t") || text.first == UInt8(ascii: "f"))
        case .null: text.isEmpty
        case .bigNumber: isBigNumber(text)
        default: true
        }
    }

    private static func isBigNumber(_ text: ByteBufferView.SubSequence) -> Bool {
        let digits = text.first.map(isSign) == true ? text.dropFirst() : text
        return !digits.isEmpty && digits.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") }
}
