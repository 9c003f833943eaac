/// The names by which a program calls the machine that it runs on.
enum LoopbackName {
    /// Whether an authority names this machine, with any port: localhost, an address of 127.0.0.0/8 in its usual form, or [::1].
    ///
    /// Other spellings of an address, in octal or in one number, are refused: they are how filters are got round.
    static func isOne(_ authority: String) -> Bool {
        var rest = authority.utf8[...]
        if rest.starts(with: "[::1]".utf8) { return isPort(rest.dropFirst(5)) }
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            guard isPort(rest[colon...]) else { return false }
            rest = rest[..<colon]
        }
        return isLocalhost(rest) || isAddress(rest)
    }

    private static func isLocalhost(_ name: Substring.UTF8View) -> Bool {
        name.count == 9 && name.elementsEqual("localhost".utf8) { $0 | 0x20 == $1 }
    }

    /// Four numbers up to 255 without leading zeros, the first of them 127.
    private static func isAddress(_ name: Substring.UTF8View) -> Bool {
        var (numbers, digits, number) = (0, 0, 0)
        for byte in name {
            if byte == UInt8(ascii: "."), digits > 0 {
                guard numbers > 0 || number == 127 else { return false }
                (numbers, digits, number) = (numbers + 1, 0, 0)
            } else {
                guard (0x30...0x39).contains(byte), digits == 0 || number > 0 else { return false }
                (digits, number) = (digits + 1, number * 10 + Int(byte - 0x30))
                guard number <= 255 else { return false }
            }
        }
        return numbers == 3 && digits > 0
    }

    /// Nothing, or a colon and up to five digits.
    private static func isPort(_ text: Substring.UTF8View) -> Bool {
        if text.isEmpty { return true }
        return text.first == UInt8(ascii: ":") && (1...5).contains(text.count - 1) && text.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }
}
