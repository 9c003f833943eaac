/// Dotted decimal: exactly four numbers of 0-255, none with a leading zero, which some parsers read as octal.
enum IPv4Text {
    static func parse(_ text: ArraySlice<UInt8>) -> UInt128? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value = UInt128(0)
        for part in parts {
            guard let octet = octet(part) else { return nil }
            value = value << 8 | UInt128(octet)
        }
        return value
    }

    private static func octet(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard (1...3).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return UInt8(exactly: value)
    }

    static func write(_ bits: UInt128) -> String {
        [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: bits >> $0)) }.joined(separator: ".")
    }
}

/// Groups of hexadecimal digits, one run of zeros as `::`, the last 32 bits in dotted decimal if wished.
enum IPv6Text {
    static func parse(_ text: [UInt8]) -> UInt128? {
        let halves = splitAtGap(text)
        guard let head = groups(halves.head) else { return nil }
        guard let tail = halves.tail else { return head.count == 8 ? join(head) : nil }
        guard let tail = groups(tail), head.count + tail.count <= 7 else { return nil }
        return join(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    /// What stands before and after the first `::`; the tail is nil where there is none.
    private static func splitAtGap(_ text: [UInt8]) -> (head: ArraySlice<UInt8>, tail: ArraySlice<UInt8>?) {
        let colon = UInt8(ascii: ":")
        for index in text.indices.dropLast() where text[index] == colon && text[index + 1] == colon {
            return (text[..<index], text[(index + 2)...])
        }
        return (text[...], nil)
    }

    /// The 16-bit groups of one side of the gap; an empty side has none.
    private static func groups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (position, part) in parts.enumerated() {
            if position == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let low = IPv4Text.parse(part) else { return nil }
                groups += [UInt16(truncatingIfNeeded: low >> 16), UInt16(truncatingIfNeeded: low)]
            } else {
                guard let group = group(part) else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func group(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(digits.count) else { return nil }
        var value = UInt16(0)
        for digit in digits {
            guard let nibble = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
            value = value << 4 | UInt16(nibble)
        }
        return value
    }

    private static func join(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// RFC 5952 section 4: lower case, no leading zeros, the first longest run of two or more zero groups as `::`.
    static func write(_ bits: UInt128) -> String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> (112 - 16 * $0)) }
        let run = longestZeroRun(groups)
        guard run.count > 1 else { return hexadecimal(groups[...]) }
        return hexadecimal(groups[..<run.lowerBound]) + "::" + hexadecimal(groups[run.upperBound...])
    }

    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in groups.indices {
            if groups[index] != 0 {
                start = index + 1
            } else if index + 1 - start > best.count {
                best = start..<(index + 1)
            }
        }
        return best
    }

    private static func hexadecimal(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
}
