import NIOCore
import TokenCore

/// A reply as the bytes of HTTP/1.1, rendered once, in the order in which the plain route's fields come: Date, its own, Content-Length.
struct PreparedReply: Sendable {
    /// Everything, with a date that is written over when it is sent.
    let bytes: [UInt8]
    /// Where the date stands.
    let dateOffset: Int
    /// For the counters.
    let status: Reply.Status

    /// Renders a reply.
    ///
    /// - Parameter closes: whether `Connection: close` is added.
    init(_ reply: Reply, closes: Bool = false) {
        var text = Self.head(reply, contentLength: reply.body.count)
        if closes { text += "Connection: close\r\n" }
        text += "\r\n"
        bytes = Array(text.utf8) + reply.body
        dateOffset = Self.dateOffset(reply.status)
        status = reply.status
    }

    /// Appends it to what a connection sends next.
    func write(to buffer: inout ByteBuffer, date: HTTPDate) {
        let start = buffer.writerIndex
        buffer.writeBytes(bytes)
        buffer.setBytes(date.bytes, at: start + dateOffset)
    }

    fileprivate static func head(_ reply: Reply, contentLength: Int?) -> String {
        var text = statusLine(reply.status) + "Date: " + String(repeating: "-", count: HTTPDate.length) + "\r\n"
        for field in reply.fields { text += "\(field.name): \(field.value)\r\n" }
        text += "Content-Length: "
        if let contentLength { text += "\(contentLength)\r\n" }
        return text
    }

    fileprivate static func dateOffset(_ status: Reply.Status) -> Int { statusLine(status).utf8.count + "Date: ".utf8.count }

    private static func statusLine(_ status: Reply.Status) -> String { "HTTP/1.1 \(status.code) \(status.phrase)\r\n" }
}

/// The answer to a valid access token, whose head differs from one token to the next only in its length.
struct PreparedClaims: Sendable {
    private let head: [UInt8]
    private let dateOffset: Int

    init() {
        let reply = Reply.json([])
        head = Array(PreparedReply.head(reply, contentLength: nil).utf8)
        dateOffset = PreparedReply.dateOffset(reply.status)
    }

    /// Appends the answer with these claims to what a connection sends next.
    func write(_ payload: [UInt8], to buffer: inout ByteBuffer, date: HTTPDate) {
        let start = buffer.writerIndex
        buffer.reserveCapacity(minimumWritableBytes: head.count + payload.count + 16)
        buffer.writeBytes(head)
        buffer.setBytes(date.bytes, at: start + dateOffset)
        Self.write(decimal: payload.count, to: &buffer)
        buffer.writeStaticString("\r\n\r\n")
        buffer.writeBytes(payload)
    }

    /// Without the string that interpolation would allocate.
    private static func write(decimal value: Int, to buffer: inout ByteBuffer) {
        var power = 1
        while power <= value / 10 { power *= 10 }
        var rest = value
        while power > 0 {
            buffer.writeInteger(UInt8(ascii: "0") + UInt8(rest / power))
            rest %= power
            power /= 10
        }
    }
}
