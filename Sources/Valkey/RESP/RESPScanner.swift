import NIOCore

/// Finds where one reply ends, however its bytes are cut: a value that reads no byte twice, but the line it stands in.
///
/// It goes over a reply once and remembers how many elements are still due on each level, so a reply that arrives byte by byte costs no more
/// than one that arrives whole. What it lets through, `RESPToken` can read without a check.
struct RESPScanner {
    /// An aggregate that is not complete.
    private struct Level {
        /// Elements that are still due.
        var due: Int
        /// An attribute stands before a value and is none itself.
        let isAttribute: Bool
    }

    private let limits: RESPLimits
    private var levels: [Level] = []
    /// How many bytes of this reply are scanned, from its first.
    private var position = 0
    /// Where the search for the end of the current line goes on.
    private var searched = 0
    /// A string whose length is read and whose bytes are not all there: the position after it.
    private var stringEnd: Int?

    init(limits: RESPLimits = RESPLimits()) { self.limits = limits }

    /// Goes on where it stopped.
    ///
    /// - Parameter bytes: all that arrived of this reply, and perhaps of those after it.
    /// - Returns: the length of the reply, after which the scanner is ready for the next; nil while it is incomplete.
    mutating func scan(_ bytes: ByteBufferView) throws(RESPParsingError) -> Int? {
        while true {
            if let end = stringEnd {
                guard bytes.count >= end else { return nil }
                guard bytes[bytes.startIndex + end - 2] == .carriageReturn, bytes[bytes.startIndex + end - 1] == .lineFeed else {
                    throw .malformed
                }
                stringEnd = nil
                position = end
                if finishValue() { return finishReply() }
            } else {
                guard let line = try nextLine(bytes) else { return nil }
                if try begin(line) { return finishReply() }
            }
            guard position <= limits.replyBytes else { throw .tooLong(limit: limits.replyBytes) }
        }
    }

    /// The next line with its type and without its end, once it is there.
    private mutating func nextLine(_ bytes: ByteBufferView) throws(RESPParsingError) -> ByteBufferView.SubSequence? {
        let start = bytes.startIndex + position
        guard position < bytes.count else { return nil }
        let from = max(start, bytes.startIndex + searched)
        guard let feed = bytes[from...].firstIndex(of: .lineFeed) else {
            searched = bytes.count
            guard bytes.count - position <= limits.lineBytes else { throw .tooLong(limit: limits.lineBytes) }
            return nil
        }
        let line = bytes[start..<feed]
        guard line.count <= limits.lineBytes else { throw .tooLong(limit: limits.lineBytes) }
        guard line.count >= 2, line.last == .carriageReturn else { throw .malformed }
        position += line.count + 1
        searched = position
        return line.dropLast()
    }

    /// - Returns: whether the reply is complete with this line.
    private mutating func begin(_ line: ByteBufferView.SubSequence) throws(RESPParsingError) -> Bool {
        let rest = line.dropFirst()
        guard let byte = line.first, let type = RESPTypeIdentifier(rawValue: byte) else { throw .unknownType(line.first ?? 0) }
        switch type {
        case .simpleString, .simpleError:
            guard !rest.contains(.carriageReturn) else { throw .malformed }
            return finishValue()
        case .integer, .bigNumber, .double, .boolean, .null:
            guard RESPNumber.isWellFormed(rest, as: type) else { throw .malformed }
            return finishValue()
        case .bulkString, .bulkError, .verbatimString: return try beginString(rest, type)
        case .array, .set, .push, .map, .attribute: return try beginAggregate(rest, type)
        }
    }

    private mutating func beginString(_ text: ByteBufferView.SubSequence, _ type: RESPTypeIdentifier) throws(RESPParsingError) -> Bool {
        if type == .bulkString, RESPNumber.isMinusOne(text) { return finishValue() }
        guard let length = RESPNumber.count(text) else { throw .malformed }
        guard length <= limits.bulkBytes else { throw .tooLong(limit: limits.bulkBytes) }
        guard type != .verbatimString || length >= 4 else { throw .malformed }
        guard position + length + 2 <= limits.replyBytes else { throw .tooLong(limit: limits.replyBytes) }
        stringEnd = position + length + 2
        return false
    }

    private mutating func beginAggregate(_ text: ByteBufferView.SubSequence, _ type: RESPTypeIdentifier) throws(RESPParsingError) -> Bool {
        if type == .array, RESPNumber.isMinusOne(text) { return finishValue() }
        guard let count = RESPNumber.count(text) else { throw .malformed }
        let hasPairs = type == .map || type == .attribute
        guard count <= limits.elements / (hasPairs ? 2 : 1) else { throw .tooManyElements(limit: limits.elements) }
        guard type != .push || levels.isEmpty else { throw .malformed }
        guard levels.count < limits.depth else { throw .tooDeep(limit: limits.depth) }
        levels.append(Level(due: hasPairs ? count * 2 : count, isAttribute: type == .attribute))
        return count == 0 ? finishAggregates() : false
    }

    /// One value is complete, and with it every aggregate whose last element it was.
    private mutating func finishValue() -> Bool {
        guard !levels.isEmpty else { return true }
        levels[levels.count - 1].due -= 1
        return finishAggregates()
    }

    private mutating func finishAggregates() -> Bool {
        while let level = levels.last, level.due == 0 {
            levels.removeLast()
            // The value that an attribute describes is still to come.
            if level.isAttribute { return false }
            if levels.isEmpty { return true }
            levels[levels.count - 1].due -= 1
        }
        return false
    }

    private mutating func finishReply() -> Int {
        defer {
            position = 0
            searched = 0
        }
        return position
    }
}

extension UInt8 {
    /// `\r`
    static let carriageReturn = UInt8(ascii: "\r")
    /// `\n`
    static let lineFeed = UInt8(ascii: "\n")
}
