import Testing
import TokenCore

@Suite struct SecretTests {
    /// Canon 59.
    @Test func secretsPrintAsSecretHoweverTheyArePrinted() {
        let secret = Secret(Array("hunter2".utf8))
        struct Holder { let secret: Secret; let optional: Secret? }
        let holder = Holder(secret: secret, optional: secret)
        var dumped = ""
        dump(holder, to: &dumped)
        for text in [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(holder)", String(reflecting: holder), "\([secret])", dumped,
        ] {
            #expect(text.contains("Secret(…)"), "\(text)")
            #expect(!text.contains("104") && !text.contains("hunter"), "\(text)")
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func constantTimeEqualsComparesEveryByteAndTheLength() {
        let bytes: [UInt8] = [1, 2, 3, 255]
        #expect(constantTimeEquals(bytes, bytes) && constantTimeEquals([], [UInt8]()))
        for index in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[index] ^= 1 << bit
                #expect(!constantTimeEquals(bytes, other))
            }
        }
        #expect(!constantTimeEquals(bytes, bytes.dropLast()) && !constantTimeEquals(bytes.dropLast(), bytes))
        #expect(!constantTimeEquals(bytes, bytes + [0]) && !constantTimeEquals([], [0]))
        #expect(constantTimeEquals(bytes[1...], [2, 3, 255]))
    }
}
