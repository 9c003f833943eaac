import NIOCore

@testable import Valkey

/// A reply from its bytes, with `\r\n` written as `|`.
func reply(_ text: String) -> RESPToken {
    var buffer = bytes(text)
    guard let token = try? RESPToken(consuming: &buffer), buffer.readableBytes == 0 else { preconditionFailure("\(text) is no reply.") }
    return token
}

/// Bytes with `\r\n` written as `|`, and the sign of an attribute as `^`.
func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text.replacing("|", with: "\r\n").replacing("^", with: "|")) }

/// An error of the server.
func refusal(_ text: String) -> RESPToken { reply("-\(text)|") }

extension NIODeadline {
    /// A point in time of a test.
    static func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .milliseconds(milliseconds) }
}

extension ByteBuffer {
    /// As written by `bytes`.
    var text: String { String(buffer: self).replacing("\r\n", with: "|") }
}
