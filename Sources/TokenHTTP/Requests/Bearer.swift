/// What an Authorization field says, as far as bearer tokens are concerned (RFC 6750 section 2.1).
enum Bearer {
    /// Another scheme: for a bearer endpoint no credentials at all.
    case absent
    /// The scheme without one token after it.
    case malformed
    /// The token: a stretch of the field's own bytes.
    case token(UnsafeBufferPointer<UInt8>)

    /// Reads a field's value without copying it. The scheme's case makes no difference (RFC 9110 section 11.1).
    init(_ value: UnsafeBufferPointer<UInt8>) {
        let scheme: StaticString = "bearer"
        let length = scheme.utf8CodeUnitCount
        let isBearer =
            value.count >= length
            && scheme.withUTF8Buffer { scheme in
                value.prefix(length).elementsEqual(scheme) { $0 | 0x20 == $1 }
            }
        guard isBearer, value.count == length || value[length] == UInt8(ascii: " ") else {
            self = .absent
            return
        }
        var start = length
        while start < value.count, value[start] == UInt8(ascii: " ") { start += 1 }
        let token = value.extracting(start..<value.count)
        self = token.isEmpty || token.contains(UInt8(ascii: " ")) ? .malformed : .token(token)
    }
}
