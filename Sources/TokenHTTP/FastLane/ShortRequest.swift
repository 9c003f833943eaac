import HTTPTypes
import NIOCore
import NIOHTTP1

/// A short request while it is read: its head, and its body up to the length that the head announced.
struct ShortRequest {
    private let head: HTTPRequestHead
    private var body: [UInt8] = []

    init(_ head: HTTPRequestHead) { self.head = head }

    /// Takes a piece of the body. The codec sees to it that there is no more than was announced.
    mutating func append(_ bytes: ByteBuffer) { body.append(contentsOf: bytes.readableBytesView) }

    /// The whole request.
    func request(from origin: Incoming.Origin) -> WholeRequest {
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        var authority: String?
        for (name, value) in head.headers {
            if name.isField("host") {
                authority = value
            } else if let name = HTTPField.Name(name) {
                fields.append(HTTPField(name: name, value: value))
            }
        }
        return WholeRequest(method: .post, target: head.uri, authority: authority, fields: fields, body: body, connection: origin)
    }
}
