// The form in which a vault keeps a grant, sealed as a whole.
extension UpstreamGrant {
    private static let form: UInt8 = 1
    /// More than the largest answer that a source accepts, with the token before it beside it.
    static let mostBytes = 1 << 20

    /// Form 1. Optional parts have a presence byte; what may be long has a length of four bytes.
    public func encoded() -> Secret {
        var writer = ByteWriter(capacity: 1024)
        writer.write(Self.form)
        writer.write(fence)
        writer.write(lease) { writer, lease in
            writer.write(lease.fence)
            writer.write(sized: lease.holder.bytes)
            writer.write(lease.since)
            writer.write(lease.until)
        }
        writer.write(published) { writer, published in
            writer.write(long: published.token)
            writer.write(published.type)
            writer.write(published.scope)
            writer.write(published.fence)
            writer.write(published.since)
            writer.write(published.until) { $0.write($1) }
        }
        writer.write(line) { writer, line in
            writer.write(long: line.token)
            writer.write(line.generation)
            writer.write(line.fence)
            writer.write(line.doubt) { $0.write($1) }
        }
        writer.write(exchange) { writer, exchange in
            writer.write(exchange.fence)
            writer.write(exchange.began)
            writer.write(exchange.answer) { writer, answer in
                writer.write(long: answer.bytes)
                writer.write(answer.fence)
                writer.write(answer.generation)
                writer.write(answer.began)
            }
        }
        writer.write(failure) { writer, failure in
            writer.write(sized: failure.reason)
            writer.write(failure.count)
            writer.write(failure.until)
        }
        writer.write(loss) { writer, loss in
            writer.write(loss.began)
            writer.write(loss.noticed)
        }
        return Secret(writer.bytes)
    }

    /// The grant of what was stored.
    ///
    /// - Throws: `.corrupt` when the bytes are not of this form.
    public init(_ stored: Secret) throws(StoreError) {
        var reader = ByteReader(stored.bytes)
        guard try reader.read(UInt8.self) == Self.form else { throw .corrupt("an upstream grant of an unknown form") }
        fence = try reader.read()
        lease = try reader.readOptional { reader throws(StoreError) in
            Lease(
                fence: try reader.read(), holder: Holder(Array(try reader.readSized())), since: try reader.readTime(),
                until: try reader.readTime())
        }
        published = try reader.readOptional { reader throws(StoreError) in
            Published(
                token: try reader.readLong(), type: try reader.readText(), scope: try reader.readOptionalText(), fence: try reader.read(),
                since: try reader.readTime(), until: try reader.readOptionalTime())
        }
        line = try reader.readOptional { reader throws(StoreError) in
            Line(
                token: try reader.readLong(), generation: try reader.read(), fence: try reader.read(), doubt: try reader.readOptionalTime())
        }
        exchange = try reader.readOptional { reader throws(StoreError) in
            Exchange(
                fence: try reader.read(), began: try reader.readTime(),
                answer: try reader.readOptional { reader throws(StoreError) in
                    Answer(
                        bytes: try reader.readLong(), fence: try reader.read(), generation: try reader.read(), began: try reader.readTime())
                })
        }
        failure = try reader.readOptional { reader throws(StoreError) in
            Failure(reason: Array(try reader.readSized()), count: try reader.read(), until: try reader.readTime())
        }
        loss = try reader.readOptional { reader throws(StoreError) in
            Loss(began: try reader.readTime(), noticed: try reader.readTime())
        }
        try reader.finish()
    }
}

extension ByteWriter {
    fileprivate mutating func write<Value>(_ value: Value?, _ body: (inout ByteWriter, Value) -> Void) {
        write(UInt8(value == nil ? 0 : 1))
        if let value { body(&self, value) }
    }

    fileprivate mutating func write(long secret: Secret) {
        precondition(secret.bytes.count <= UpstreamGrant.mostBytes, "an upstream's answer is longer than its source lets through")
        write(UInt32(secret.bytes.count))
        write(raw: secret.bytes)
    }
}

extension ByteReader {
    fileprivate mutating func readOptional<Value>(
        _ body: (inout ByteReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try readPresence() ? try body(&self) : nil
    }

    fileprivate mutating func readOptionalTime() throws(StoreError) -> UnixTime? { try readPresence() ? try readTime() : nil }

    fileprivate mutating func readLong() throws(StoreError) -> Secret {
        Secret(Array(try read(count: Int(try read(UInt32.self)))))
    }
}
