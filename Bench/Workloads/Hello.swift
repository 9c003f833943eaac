import NIOCore

/// `GET /` answered with five bytes: the floor that every other number is compared with.
struct Hello: Workload {
    let kinds = ["hello"]

    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        buffer.writeStaticString("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return Ask(kind: 0)
    }

    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool {
        status == 200 && body.elementsEqual("hello".utf8)
    }
}
