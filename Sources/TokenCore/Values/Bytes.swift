/// Appends values in the fixed binary form that records, events and revocations are stored in: big endian, lengths first.
public struct ByteWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty writer with room for `capacity` bytes.
    public init(capacity: Int = 128) { bytes.reserveCapacity(capacity) }

    /// Appends an integer in its full width.
    public mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends bytes as they are; the reader must know how many.
    public mutating func write(raw: some Collection<UInt8>) { bytes.append(contentsOf: raw) }

    /// Appends a length of two bytes and the bytes: at most 65,535 of them, which every writer's bounds keep to.
    public mutating func write(sized value: some Collection<UInt8>) {
        precondition(value.count <= 0xffff, "a stored value is longer than its length can say")
        write(UInt16(value.count))
        write(raw: value)
    }

    /// Appends text as its sized UTF-8.
    public mutating func write(_ value: String) { write(sized: value.utf8) }

    /// Appends a presence byte and, when there is one, the text.
    public mutating func write(_ value: String?) {
        write(UInt8(value == nil ? 0 : 1))
        if let value { write(value) }
    }

    /// Appends a time as its milliseconds.
    public mutating func write(_ value: UnixTime) { write(value.milliseconds) }
}

/// Reads what `ByteWriter` wrote. Every read is bounded; stored bytes that do not fit are a `StoreError.corrupt`.
public struct ByteReader: Sendable {
    private var rest: ArraySlice<UInt8>

    /// A reader from the first byte on.
    public init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// Whether everything has been read.
    public var isAtEnd: Bool { rest.isEmpty }

    /// Nothing may be left.
    public func finish() throws(StoreError) {
        guard isAtEnd else { throw .corrupt("a stored value has bytes after its end") }
    }

    /// The next integer of that width.
    public mutating func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(StoreError) -> T {
        var value: T = 0
        for byte in try read(count: T.bitWidth / 8) { value = T(truncatingIfNeeded: value << 8) | T(truncatingIfNeeded: byte) }
        return value
    }

    /// The next `count` bytes.
    public mutating func read(count: Int) throws(StoreError) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw .corrupt("a stored value ends early") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// The next sized bytes.
    public mutating func readSized() throws(StoreError) -> ArraySlice<UInt8> {
        try read(count: Int(read(UInt16.self)))
    }

    /// The next sized text; ill-formed UTF-8 is corruption.
    public mutating func readText() throws(StoreError) -> String {
        guard let text = String(validating: try readSized(), as: UTF8.self) else { throw .corrupt("stored text is not UTF-8") }
        return text
    }

    /// Whether the next byte says that something follows: 0 or 1.
    public mutating func readPresence() throws(StoreError) -> Bool {
        switch try read(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw .corrupt("a stored value is neither present nor absent")
        }
    }

    /// The next optional text.
    public mutating func readOptionalText() throws(StoreError) -> String? {
        try readPresence() ? try readText() : nil
    }

    /// The next time.
    public mutating func readTime() throws(StoreError) -> UnixTime { UnixTime(milliseconds: try read()) }
}
