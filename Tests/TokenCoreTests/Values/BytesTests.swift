import Testing
import TokenCore

@Suite struct BytesTests {
    private func sample() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(UInt16(0x0203))
        writer.write(UInt32(0x0405_0607))
        writer.write(Int64(-2))
        writer.write(UnixTime(milliseconds: 9))
        writer.write("é")
        writer.write(String?.none)
        writer.write(String?.some("x"))
        writer.write(sized: [7, 8])
        return writer.bytes
    }

    private func read(_ bytes: [UInt8]) throws(StoreError) {
        var reader = ByteReader(bytes)
        #expect(try reader.read(UInt8.self) == 1)
        #expect(try reader.read(UInt16.self) == 0x0203)
        #expect(try reader.read(UInt32.self) == 0x0405_0607)
        #expect(try reader.read(Int64.self) == -2)
        #expect(try reader.readTime() == UnixTime(milliseconds: 9))
        #expect(try reader.readText() == "é")
        #expect(try reader.readOptionalText() == nil)
        #expect(try reader.readOptionalText() == "x")
        #expect(Array(try reader.readSized()) == [7, 8])
        try reader.finish()
    }

    @Test func integersAreBigEndianAndLengthsComeFirst() throws {
        #expect(
            sample() == [
                1, 2, 3, 4, 5, 6, 7, 255, 255, 255, 255, 255, 255, 255, 254, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 0xc3, 0xa9, 0, 1, 0, 1, 0x78, 0, 2, 7, 8,
            ])
        try read(sample())
    }

    @Test func everyTruncationAndEveryAdditionThrows() {
        let bytes = sample()
        for count in 0..<bytes.count { #expect(isCorrupt { () throws(StoreError) in try walk(Array(bytes.prefix(count))) }, "\(count)") }
        #expect(isCorrupt { () throws(StoreError) in try walk(bytes + [0]) })
        #expect(!isCorrupt { () throws(StoreError) in try walk(bytes) })
    }

    /// Reads the sample's shape without expecting its values.
    private func walk(_ bytes: [UInt8]) throws(StoreError) {
        var reader = ByteReader(bytes)
        _ = try reader.read(count: 15)
        _ = try reader.readTime()
        _ = try reader.readText()
        _ = try reader.readOptionalText()
        _ = try reader.readOptionalText()
        _ = try reader.readSized()
        try reader.finish()
    }

    @Test func illFormedTextAndUnknownPresenceAreCorrupt() {
        for text: [UInt8] in [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80]] {
            var writer = ByteWriter()
            writer.write(sized: text)
            #expect(
                isCorrupt { () throws(StoreError) in
                    var reader = ByteReader(writer.bytes); _ = try reader.readText()
                }, "\(text)")
        }
        for byte in UInt8(2)...255 {
            #expect(
                isCorrupt { () throws(StoreError) in
                    var reader = ByteReader([byte, 0, 0]); _ = try reader.readOptionalText()
                })
        }
    }
}

/// Whether a reading ends in `StoreError.corrupt`.
func isCorrupt(_ body: () throws(StoreError) -> Void) -> Bool {
    do {
        try body()
        return false
    } catch {
        if case .corrupt = error { return true }
        return false
    }
}
