import NIOCore

/// The requests that Mintmark's session endpoints get, written the way a client library would, without anything optional.
enum Messages {
    static func authenticate(_ tokens: TokenTable, _ index: Int, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("GET /authenticate HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ")
        tokens.write(index, into: &buffer)
        buffer.writeStaticString("\r\n\r\n")
    }

    static func login(user: Int, into buffer: inout ByteBuffer) {
        let digits = String(user)
        self.post("/login", length: 12 + digits.utf8.count, into: &buffer)
        buffer.writeStaticString("{\"user_id\":")
        buffer.writeString(digits)
        buffer.writeStaticString("}")
    }

    static func refresh(_ tokens: TokenTable, _ index: Int, into buffer: inout ByteBuffer) {
        self.post("/refresh", length: 14 + tokens.length(index), into: &buffer)
        buffer.writeStaticString("{\"refresh\":\"")
        tokens.write(index, into: &buffer)
        buffer.writeStaticString("\"}")
    }

    /// A verb of a pool, or with no verb the pool itself.
    static func pool(_ pool: String, _ verb: String, _ body: [UInt8], into buffer: inout ByteBuffer) {
        buffer.writeString(verb.isEmpty ? "PUT /pools/\(pool)" : "POST /pools/\(pool)/\(verb)")
        buffer.writeString(" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n")
        buffer.writeBytes(body)
    }

    private static func post(_ path: StaticString, length: Int, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("POST ")
        buffer.writeStaticString(path)
        buffer.writeStaticString(
            " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ")
        buffer.writeString(String(length))
        buffer.writeStaticString("\r\n\r\n")
    }
}

/// Finds one string member in a flat JSON reply without reading the rest of it.
enum ReplyField {
    /// The bytes between the quotes after `"name":`, nil if there is no such member. Only for values without escapes,
    /// which tokens are.
    static func find(_ name: StaticString, in body: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let length = name.utf8CodeUnitCount
        let quote = UInt8(ascii: "\"")
        var index = 0
        while index + length + 4 <= body.count {
            guard body[index] == quote, self.matches(name, body, at: index + 1) else {
                index += 1
                continue
            }
            var start = index + length + 2
            guard start + 1 < body.count, body[start - 1] == quote, body[start] == UInt8(ascii: ":") else {
                index += 1
                continue
            }
            start += body[start + 1] == UInt8(ascii: " ") ? 2 : 1
            guard start < body.count, body[start] == quote else { return nil }
            guard let end = body[(start + 1)...].firstIndex(of: quote) else { return nil }
            return UnsafeRawBufferPointer(rebasing: body[(start + 1)..<end])
        }
        return nil
    }

    private static func matches(_ name: StaticString, _ body: UnsafeRawBufferPointer, at start: Int) -> Bool {
        for offset in 0..<name.utf8CodeUnitCount where body[start + offset] != name.utf8Start[offset] { return false }
        return true
    }
}
