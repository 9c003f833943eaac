/// One whole answer, before it becomes the parts of a protocol: small, complete, never streamed.
struct Reply: Sendable, Hashable {
    /// One header field.
    struct Field: Sendable, Hashable {
        let name: String
        let value: String
    }

    /// The status code and its phrase; made in `Replies.swift` only.
    let status: Status
    /// The header fields in their order, without Date, Content-Length and what the connection adds.
    var fields: [Field]
    /// The body; for HEAD it is measured and not sent.
    var body: [UInt8]
    /// Whether the connection must not be used again, because the request was not read to its end.
    var closes = false
    /// For our log when it is a refusal; never for the client.
    var detail: String?

    /// A status line's code and phrase (RFC 9110 section 15).
    struct Status: Sendable, Hashable {
        let code: Int
        let phrase: String
    }

    /// Adds a field at the end.
    func adding(_ name: String, _ value: String) -> Reply {
        var copy = self
        copy.fields.append(Field(name: name, value: value))
        return copy
    }
}
