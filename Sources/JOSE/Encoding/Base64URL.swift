/// Base64 with the URL alphabet and without padding (RFC 4648 section 5, as RFC 7515 section 2 uses it).
///
/// Decoding is strict: no padding, no white space, no characters of the other alphabet and no loose bits in the last
/// character. One byte string therefore has exactly one spelling, and a token cannot be respelled without breaking it.
public enum Base64URL {
    /// The encoding of `bytes`; empty for no bytes.
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        append(bytes, to: &output)
        return output
    }

    /// The encoding of `bytes` as a string.
    public static func string(_ bytes: [UInt8]) -> String {
        String(decoding: encode(bytes), as: UTF8.self)
    }

    /// Appends the encoding of `bytes` to `output`; grows `output` at most once.
    public static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: encodedCount(bytes.count)))
        output.withUnsafeMutableBufferPointer { target in
            bytes.withUnsafeBufferPointer { encode($0, into: target.extracting(start...)) }
        }
    }

    /// The bytes that `text` encodes.
    ///
    /// - Throws: `JOSEError.malformedBase64URL` for anything but the one canonical spelling.
    public static func decode(_ text: [UInt8]) throws(JOSEError) -> [UInt8] {
        try decode(text, in: text.indices)
    }

    /// The bytes that the part `range` of `text` encodes; saves the copy that slicing out the part would make.
    ///
    /// - Throws: `JOSEError.malformedBase64URL` for anything but the one canonical spelling.
    public static func decode(_ text: [UInt8], in range: Range<Int>) throws(JOSEError) -> [UInt8] {
        guard range.count % 4 != 1 else { throw .malformedBase64URL }
        let count = range.count / 4 * 3 + max(0, range.count % 4 - 1)
        var isCanonical = true
        let decoded = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            isCanonical = text.withUnsafeBufferPointer { source in
                values.withUnsafeBufferPointer { decode(source.extracting(range), with: $0, into: target) }
            }
            initialized = isCanonical ? count : 0
        }
        guard isCanonical else { throw .malformedBase64URL }
        return decoded
    }

    /// The bytes that the string `text` encodes.
    ///
    /// - Throws: `JOSEError.malformedBase64URL` for anything but the one canonical spelling.
    public static func decode(_ text: String) throws(JOSEError) -> [UInt8] {
        try decode([UInt8](text.utf8))
    }

    /// How many characters `count` bytes become.
    public static func encodedCount(_ count: Int) -> Int {
        count / 3 * 4 + (count % 3 == 0 ? 0 : count % 3 + 1)
    }
}

extension Base64URL {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// Marks a byte that is no character of the alphabet; its high bit survives the OR of four values.
    private static let noValue: UInt8 = 0x80

    /// The six bits each byte stands for, or `noValue`.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: noValue, count: 256)
        alphabet.withUTF8Buffer { characters in
            for (value, character) in characters.enumerated() { values[Int(character)] = UInt8(value) }
        }
        return values
    }()

    /// Fills `target`, which has exactly the encoded length, from its start.
    private static func encode(_ source: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>) {
        alphabet.withUTF8Buffer { alphabet in
            var read = 0
            var written = 0
            while read + 2 < source.count {
                let group = UInt32(source[read]) << 16 | UInt32(source[read + 1]) << 8 | UInt32(source[read + 2])
                target[written] = alphabet[Int(group >> 18)]
                target[written + 1] = alphabet[Int(group >> 12 & 63)]
                target[written + 2] = alphabet[Int(group >> 6 & 63)]
                target[written + 3] = alphabet[Int(group & 63)]
                read += 3
                written += 4
            }
            guard read < source.count else { return }
            let second = read + 1 < source.count ? source[read + 1] : 0
            target[written] = alphabet[Int(source[read] >> 2)]
            target[written + 1] = alphabet[Int((source[read] & 3) << 4 | second >> 4)]
            if read + 1 < source.count { target[written + 2] = alphabet[Int((second & 15) << 2)] }
        }
    }

    /// Fills `target` with the decoded bytes; false for a foreign character or loose bits.
    private static func decode(
        _ source: UnsafeBufferPointer<UInt8>, with values: UnsafeBufferPointer<UInt8>,
        into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Bool {
        var seen: UInt8 = 0
        var read = 0
        var written = 0
        while read + 3 < source.count {
            let first = values[Int(source[read])], second = values[Int(source[read + 1])]
            let third = values[Int(source[read + 2])], fourth = values[Int(source[read + 3])]
            seen |= first | second | third | fourth
            target[written] = first << 2 | second >> 4
            target[written + 1] = second << 4 | third >> 2
            target[written + 2] = third << 6 | fourth
            read += 4
            written += 3
        }
        guard read < source.count else { return seen & noValue == 0 }
        let first = values[Int(source[read])], second = values[Int(source[read + 1])]
        let third = read + 2 < source.count ? values[Int(source[read + 2])] : 0
        seen |= first | second | third
        target[written] = first << 2 | second >> 4
        let hasThird = read + 2 < source.count
        if hasThird { target[written + 1] = second << 4 | third >> 2 }
        let loose = hasThird ? third & 3 : second & 15
        return seen & noValue == 0 && loose == 0
    }
}
