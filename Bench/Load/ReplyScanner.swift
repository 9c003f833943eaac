#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Finds the end of one HTTP/1.1 reply in a row of bytes, and nothing more: the status and the body's length are all that
/// a load driver needs, and it has to be far cheaper than the servers it measures.
///
/// It holds no state: an incomplete reply is scanned again when more bytes have come. Replies are a few hundred bytes and
/// arrive whole, so that costs less than remembering where it stopped.
enum ReplyScanner {
    /// Heads that are longer than this are malformed; no server that we measure comes near it.
    static let longestHead = 16 * 1024
    /// Bodies longer than this are malformed: a benchmark that receives megabytes measures something else.
    static let longestBody = 1024 * 1024

    /// What the bytes begin with.
    enum Result: Equatable {
        /// A whole reply. `body` is its place in the bytes, `closes` whether the server said `Connection: close`.
        case reply(status: Int, body: Range<Int>, closes: Bool)
        /// The beginning of a reply.
        case incomplete
        /// Something that is no HTTP/1.1 reply with a Content-Length (chunked ones are not understood, on purpose).
        case malformed
    }

    /// Scans the reply at the beginning of `bytes`; what follows it is left alone.
    static func scan(_ bytes: UnsafeRawBufferPointer) -> Result {
        var line = 0
        var head = Head()
        while let end = self.lineEnd(in: bytes, from: line) {
            let length = end - line
            if line == 0 {
                guard head.takeStatusLine(bytes, length: length) else { return .malformed }
            } else if length <= 1 {
                return head.reply(bodyAt: end + 1, available: bytes.count)
            } else {
                guard head.takeField(UnsafeRawBufferPointer(rebasing: bytes[line..<end])) else { return .malformed }
            }
            line = end + 1
        }
        return bytes.count > self.longestHead ? .malformed : .incomplete
    }

    /// The index of the next line feed.
    private static func lineEnd(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        guard let found = memchr(base + start, 10, bytes.count - start) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}

/// What is known of a reply while its head is read line by line.
private struct Head {
    var status = 0
    var contentLength: Int?
    var closes = false

    /// Reads `HTTP/1.1 200 …` (RFC 9112 section 4).
    mutating func takeStatusLine(_ bytes: UnsafeRawBufferPointer, length: Int) -> Bool {
        guard length >= 12, bytes.hasPrefix("HTTP/1."), bytes[8] == UInt8(ascii: " ") else { return false }
        for index in 9..<12 {
            guard let digit = bytes[index].decimalDigit else { return false }
            self.status = self.status * 10 + digit
        }
        return self.status >= 200
    }

    /// Reads one field line without its line feed. The first letter decides for nearly all of them.
    mutating func takeField(_ line: UnsafeRawBufferPointer) -> Bool {
        switch line[0] | 0x20 {
        case UInt8(ascii: "c"):
            if line.hasPrefix("content-length:") {
                guard self.contentLength == nil, let length = line.decimal(from: 15) else { return false }
                self.contentLength = length
                return length <= ReplyScanner.longestBody
            }
            if line.hasPrefix("connection:") {
                // The values in use are `close` and `keep-alive`: the first letter tells them apart.
                let first = line.dropFirst(11).first { $0 != UInt8(ascii: " ") }
                self.closes = first.map { $0 | 0x20 } == UInt8(ascii: "c")
            }
            return true
        case UInt8(ascii: "t"):
            return !line.hasPrefix("transfer-encoding:")
        default:
            return true
        }
    }

    /// The verdict at the empty line.
    func reply(bodyAt start: Int, available: Int) -> ReplyScanner.Result {
        let length: Int
        switch (self.contentLength, self.status) {
        case (let given?, _): length = given
        case (nil, 204), (nil, 304): length = 0
        case (nil, _): return .malformed
        }
        guard start + length <= available else { return .incomplete }
        return .reply(status: self.status, body: start..<(start + length), closes: self.closes)
    }
}

extension UInt8 {
    fileprivate var decimalDigit: Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) ? Int(self - UInt8(ascii: "0")) : nil
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes begin with `prefix`, letters of either case.
    fileprivate func hasPrefix(_ prefix: StaticString) -> Bool {
        guard self.count >= prefix.utf8CodeUnitCount else { return false }
        for index in 0..<prefix.utf8CodeUnitCount where !Self.same(self[index], prefix.utf8Start[index]) { return false }
        return true
    }

    /// Bit 0x20 separates the cases of letters; setting it on both sides also confuses a few controls with punctuation,
    /// which cannot make a field name that matters here out of another one.
    private static func same(_ left: UInt8, _ right: UInt8) -> Bool {
        left | 0x20 == right | 0x20
    }

    /// The number after optional blanks, up to an optional carriage return; nil if it is none.
    fileprivate func decimal(from start: Int) -> Int? {
        var value = 0
        var digits = 0
        for byte in self[start...] {
            if let digit = byte.decimalDigit, digits < 9 {
                value = value * 10 + digit
                digits += 1
            } else if digits == 0, byte == UInt8(ascii: " ") {
                continue
            } else if digits > 0, byte == UInt8(ascii: "\r") {
                continue
            } else {
                return nil
            }
        }
        return digits > 0 ? value : nil
    }
}
