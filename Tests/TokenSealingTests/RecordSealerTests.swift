import Testing
import TokenCore

@testable import TokenSealing

struct RecordSealerTests {
    private let secret = Secret(Array("a private key".utf8))

    @Test func whatWasSealedOpensInItsContextOnly() throws {
        let sealer = RecordSealer(try Samples.keys())
        let sealed = sealer.seal(secret, context: "signing key a")
        #expect(try sealer.open(sealed, context: "signing key a").bytes == secret.bytes)
        for context in ["", "signing key b", "signing key a "] {
            #expect(throws: SealError.notGenuine) { try sealer.open(sealed, context: context) }
        }
    }

    @Test func everyFlippedBitAndTruncationIsRefused() throws {
        let sealer = RecordSealer(try Samples.keys())
        let sealed = sealer.seal(secret, context: "c")
        for bit in 0..<sealed.count * 8 {
            var flipped = sealed
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: SealError.self, "bit \(bit)") { try sealer.open(flipped, context: "c") }
        }
        for count in 0..<sealed.count {
            #expect(throws: SealError.self) { try sealer.open(Array(sealed.prefix(count)), context: "c") }
        }
        #expect(throws: SealError.notGenuine) { try sealer.open(sealed + [0], context: "c") }
    }

    /// The number stands in the clear and is authenticated: a value cannot be passed off as another key's.
    @Test func theNumberTellsWhichKeySealed() throws {
        let keys = try Samples.keys()
        let sealed = RecordSealer(keys).seal(secret, context: "c")
        #expect(try RecordSealer.sealNumber(of: sealed) == Samples.seal)
        let without = RecordSealer(try keys.removing(Samples.seal))
        #expect(throws: SealError.unknownSeal(Samples.seal)) { try without.open(sealed, context: "c") }
        #expect(throws: SealError.malformed) { try RecordSealer.sealNumber(of: []) }
        #expect(throws: SealError.malformed) { try RecordSealer.sealNumber(of: [0, 0] + sealed.dropFirst(2)) }
    }

    @Test func sealingTwiceGivesTwoTexts() throws {
        let sealer = RecordSealer(try Samples.keys())
        let all = Set((0..<1000).map { _ in sealer.seal(secret, context: "c") })
        #expect(all.count == 1000)
    }

    @Test func anEmptySecretIsSealedToo() throws {
        let sealer = RecordSealer(try Samples.keys())
        #expect(try sealer.open(sealer.seal(Secret([]), context: ""), context: "").bytes.isEmpty)
    }

    @Test func aKeyOfTheSameNumberButOtherBytesOpensNothing() throws {
        let sealed = RecordSealer(SealKeys.generate()).seal(secret, context: "c")
        #expect(throws: SealError.notGenuine) { try RecordSealer(SealKeys.generate()).open(sealed, context: "c") }
    }
}
