import Testing
import TokenCore

@testable import TokenSealing

struct RefreshTokenTests {
    /// canon 43: one text for each token.
    @Test func whatDecodesEncodesToItself() throws {
        let text = try Samples.token()
        #expect(try RefreshToken.decode(text).text == text)
    }

    /// 55 bytes leave four bits of the last character over: sixteen texts would mean one token if loose bits were let through.
    @Test func looseBitsAreRefused() throws {
        let text = try Samples.token()
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var accepted = 0
        for character in alphabet {
            if (try? RefreshToken.decode(text.dropLast() + [character])) != nil { accepted += 1 }
        }
        #expect(accepted == 4)
    }

    @Test func strangeCharactersAreRefused() throws {
        let text = try Samples.token()
        for byte: UInt8 in [0, 9, 10, 32, 37, 43, 46, 47, 61, 127, 0x80, 0xff] {
            for place in 4..<text.count {
                var strange = text
                strange[place] = byte
                #expect(throws: SealError.malformed) { try RefreshToken.decode(strange) }
            }
        }
    }

    @Test func otherPrefixesAreRefused() throws {
        let text = try Samples.token()
        for prefix in ["mmr-", "MMR_", "mma_", "    "] {
            #expect(throws: SealError.malformed) { try RefreshToken.decode(Array(prefix.utf8) + text.dropFirst(4)) }
        }
    }

    @Test func otherFormatsSealZeroAndOddFamiliesAreRefused() throws {
        let bytes = try RefreshToken.decode(Samples.token()).bytes
        var format = bytes
        format[0] = 2
        var seal = bytes
        (seal[1], seal[2]) = (0, 0)
        var family = bytes
        family[9] = 0x40
        for changed in [format, seal, family] {
            #expect(throws: SealError.malformed) { try RefreshToken.decode(RefreshToken.text(of: changed)) }
        }
    }

    /// A poor man's fuzzer beside the real one: nothing traps, and what decodes is canonical.
    @Test func arbitraryBytesNeverTrap() throws {
        var state: UInt64 = 1
        let text = try Samples.token()
        for _ in 0..<20_000 {
            var bytes = text
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 56)
            }
            if let token = try? RefreshToken.decode(bytes) { #expect(token.text == bytes) }
        }
    }
}
